import type { HeaderList } from '../../trace/record/record.ts';
import type { ConnectionEnd } from './tap.ts';

/** Watches one HTTP/2 stream. Each call says when; the stream is over once `done`. */
export interface StreamTap {
  readonly done: boolean;
  /** The client has sent all it will send. */
  readonly requestDone: boolean;
  /** Whether at least one byte of an answer has come. */
  readonly isAnswering: boolean;
  /** Takes over memory that was taken from the budget for it; it is given back when it is done. */
  adopt(costBytes: number): void;
  fromClient(view: Buffer, ended: boolean, atNs: number): void;
  fromServer(view: Buffer, ended: boolean, atNs: number): void;
  /** Headers or trailers of the answer. */
  serverHeaders(list: HeaderList, ended: boolean, atNs: number): void;
  clientReset(atNs: number): void;
  closed(end: ConnectionEnd, atNs: number): void;
}

/** First value of a header, names being lower case as in HTTP/2; undefined when it is not there. */
export function http2HeaderValue(list: HeaderList, name: string): string | undefined {
  for (let i = 0; i + 1 < list.length; i += 2) if (list[i] === name) return list[i + 1];
  return undefined;
}

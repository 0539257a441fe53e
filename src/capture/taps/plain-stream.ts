import { REQUEST_INCOMPLETE } from '../../trace/record/incomplete.ts';
import type { HeaderList } from '../../trace/record/record.ts';
import { http2HeaderValue, type StreamTap } from './stream-tap.ts';
import type { ConnectionEnd } from './tap.ts';
import type { WatchedExchange } from './watched-exchange.ts';

/**
 * An HTTP/2 stream that is no gRPC call: one request, one answer, recorded as HTTP. A CONNECT is asked with its headers
 * alone, and over once it is granted: what goes through the tunnel is not looked at.
 */
export class PlainStream implements StreamTap {
  readonly #exchange: WatchedExchange;
  done = false;

  constructor(exchange: WatchedExchange) {
    this.#exchange = exchange;
    exchange.requestDone ||= exchange.isTunnel;
  }

  get isAnswering(): boolean {
    return this.#exchange.status !== undefined;
  }

  get requestDone(): boolean {
    return this.#exchange.requestDone;
  }

  adopt(costBytes: number): void {
    this.#exchange.adopt(costBytes);
  }

  fromClient(view: Buffer, ended: boolean, _atNs: number): void {
    if (this.done) return;
    this.#exchange.addBody(view);
    if (!ended) return;
    this.#exchange.requestDone = true;
    if (this.#exchange.answeredNs !== undefined) this.#finish('', this.#exchange.answeredNs);
  }

  fromServer(view: Buffer, ended: boolean, atNs: number): void {
    if (this.done || this.#exchange.answeredNs !== undefined) return;
    this.#exchange.addResponse(view);
    if (ended) this.#onAnswered(atNs);
  }

  serverHeaders(list: HeaderList, ended: boolean, atNs: number): void {
    if (this.done) return;
    const status = http2HeaderValue(list, ':status');
    if (status !== undefined && /^[2-9][0-9][0-9]$/.test(status)) this.#exchange.status = Number(status);
    const isGranted = this.#exchange.isTunnel && status?.startsWith('2');
    if (ended || isGranted) this.#onAnswered(atNs);
  }

  clientReset(atNs: number): void {
    this.closed('client_aborted', atNs);
  }

  closed(end: ConnectionEnd, atNs: number): void {
    if (this.done) return;
    const isAnswered = this.#exchange.answeredNs !== undefined;
    this.#finish(isAnswered ? REQUEST_INCOMPLETE : end, end === 'not_followed' ? undefined : atNs);
  }

  #onAnswered(atNs: number): void {
    this.#exchange.answeredNs = atNs;
    if (this.#exchange.requestDone) this.#finish('', atNs);
  }

  #finish(error: string, atNs: number | undefined): void {
    this.done = true;
    const isBad = error === '' && this.#exchange.status === undefined;
    this.#exchange.finish(isBad ? 'bad_response' : error, atNs);
  }
}

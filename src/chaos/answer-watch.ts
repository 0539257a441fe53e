import type { Protocol } from '../trace/record/record.ts';
import { HpackDecoder } from '../wire/hpack/decoder.ts';
import { createResponseParser } from '../wire/http1-parser.ts';
import { FrameReader, type PeerFrameHandler } from '../wire/http2/frame-reader.ts';
import { errorName, FLAG, FRAME, frameOf } from '../wire/http2/frames.ts';

/** Hears what a server says. */
export interface AnswerEvents {
  /** Says in a word what the answer is; of several the first counts. */
  answered(label: string): void;
  /** The whole answer is here. */
  whole(): void;
  /** What the protocol wants to be sent back. */
  send(bytes: Buffer): void;
}

/** Reads what a server sends; it never throws. */
export type AnswerWatch = (bytes: Buffer) => void;

/** Makes a reader for one connection. */
export function watchAnswer(protocol: Protocol, events: AnswerEvents): AnswerWatch {
  const read = protocol === 'http' ? http1Watch(events) : http2Watch(events);
  let isReadable = true;
  return (bytes) => {
    if (!isReadable) return;
    try {
      read(bytes);
    } catch {
      isReadable = false;
      events.answered(protocol === 'http' ? 'no HTTP' : 'no HTTP/2');
    }
  };
}

function http1Watch({ answered, whole }: AnswerEvents): AnswerWatch {
  let isInformational = false;
  const parser = createResponseParser({
    onStart: () => {},
    onHead: ({ status }) => {
      isInformational = status < 200;
      if (!isInformational) answered(String(status));
      return 'as-framed';
    },
    onBody: () => {},
    onEnd: () => {
      if (!isInformational) whole();
    },
  });
  return (bytes) => void parser.push(bytes);
}

function http2Watch({ answered, whole, send }: AnswerEvents): AnswerWatch {
  const decoder = new HpackDecoder();
  const endOf = (isEnd: boolean): void => {
    if (isEnd) whole();
  };
  const handler: PeerFrameHandler = {
    data: (_stream, _bytes, _from, _to, _flow, isEnd) => endOf(isEnd),
    headers: (_stream, bytes, from, to, isEnd) => {
      answered(statusOf(decoder.decode(Buffer.from(bytes.subarray(from, to)))));
      endOf(isEnd);
    },
    reset: (_stream, code) => answered(`RST_STREAM ${errorName(code)}`),
    settings: () => send(frameOf(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0))),
    ping: (bytes, from) =>
      send(frameOf(FRAME.ping, FLAG.ack, 0, Buffer.from(bytes.subarray(from, from + 8)))),
    goAway: (_last, code) => answered(`GOAWAY ${errorName(code)}`),
    windowUpdate: () => {},
  };
  const reader = new FrameReader(handler);
  return (bytes) => reader.push(bytes, bytes.length);
}

function statusOf(list: readonly string[]): string {
  const fieldOf = (name: string): string | undefined => {
    const at = list.findIndex((each, place) => place % 2 === 0 && each === name);
    return at < 0 ? undefined : list[at + 1];
  };
  const grpcStatus = fieldOf('grpc-status');
  const text = grpcStatus === undefined ? (fieldOf(':status') ?? 'none') : `grpc ${grpcStatus}`;
  return text.slice(0, LONGEST_LABEL);
}

const LONGEST_LABEL = 20;

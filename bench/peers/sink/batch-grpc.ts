import type { Socket } from 'node:net';
import { FrameParser } from '../../../src/wire/http2/frame-parser.ts';
import {
  FLAG,
  FRAME,
  frameOf,
  INITIAL_WINDOW_BYTES,
  MAX_WINDOW_BYTES,
  SETTING,
  uint32,
  writeUint32,
} from '../../../src/wire/http2/frames.ts';

/** HPACK: `:status: 200` from the static table, the others literal and never kept, so that no state is needed. */
const HEAD = Buffer.concat([Buffer.of(0x88), literal('content-type', 'application/grpc')]);
const TRAILERS = literal('grpc-status', '0');
/** One call's answer on stream 0: head, an empty message, status 0. */
const ANSWER = Buffer.concat([
  frameOf(FRAME.headers, FLAG.endHeaders, 0, HEAD),
  frameOf(FRAME.data, 0, 0, Buffer.alloc(5)),
  frameOf(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 0, TRAILERS),
]);
/** Where the stream stands in each of its three frames. */
const STREAM_AT = [5, 5 + 9 + HEAD.length, 5 + 9 + HEAD.length + 9 + 5];
const HELLO = Buffer.concat([
  frameOf(FRAME.settings, 0, 0, settings({ [SETTING.initialWindowSize]: MAX_WINDOW_BYTES })),
  windowOf(MAX_WINDOW_BYTES - INITIAL_WINDOW_BYTES),
]);
const SETTINGS_ACK = frameOf(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0));
/** The connection's window is filled up again after so many bytes. */
const REFILL_BYTES = 2 ** 30;

/**
 * Answers unary calls on a connection of HTTP/2 in the clear, whatever they are: all that ended in what was read at once
 * in one write, as servers under load do. Says how many those were.
 */
export function answerCalls(socket: Socket, onCalls: (count: number) => void): void {
  let ended: number[] = [];
  let hasSettings = false;
  let readBytes = 0;
  const end = (streamId: number, endStream: boolean): void => {
    if (endStream) ended.push(streamId);
  };
  const parser = new FrameParser(
    {
      onHeaders: (streamId, _block, endStream) => end(streamId, endStream),
      onData: (streamId, _view, endStream) => end(streamId, endStream),
      onSetting: () => {
        hasSettings = true;
      },
      onReset: () => {},
      onGoaway: () => {},
    },
    'from-client',
  );
  socket.write(HELLO);
  socket.on('data', (chunk) => {
    try {
      parser.push(chunk, 0);
    } catch {
      socket.destroy(); // No HTTP/2.
      return;
    }
    if (hasSettings) socket.write(SETTINGS_ACK);
    hasSettings = false;
    readBytes += chunk.length;
    if (readBytes > REFILL_BYTES) {
      socket.write(windowOf(readBytes));
      readBytes = 0;
    }
    if (ended.length === 0) return;
    socket.write(answersTo(ended));
    onCalls(ended.length);
    ended = [];
  });
}

function answersTo(streamIds: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(ANSWER.length * streamIds.length);
  for (const [i, streamId] of streamIds.entries()) {
    const at = i * ANSWER.length;
    ANSWER.copy(bytes, at);
    for (const offset of STREAM_AT) writeUint32(bytes, at + offset, streamId);
  }
  return bytes;
}

function literal(name: string, value: string): Buffer {
  const text = (part: string): Buffer => Buffer.concat([Buffer.of(part.length), Buffer.from(part)]);
  return Buffer.concat([Buffer.of(0x10), text(name), text(value)]);
}

function settings(values: Readonly<Record<number, number>>): Buffer {
  const entries = Object.entries(values).map(([id, value]) =>
    Buffer.concat([Buffer.of(0, Number(id)), uint32(value)]),
  );
  return Buffer.concat(entries);
}

function windowOf(bytes: number): Buffer {
  return frameOf(FRAME.windowUpdate, 0, 0, uint32(bytes));
}

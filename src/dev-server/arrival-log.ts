import { type FileHandle, open } from 'node:fs/promises';
import { EngramTraceError } from '../error.ts';
import { ioError } from '../trace/file/io-error.ts';
import { findOutputPlace } from '../trace/file/output-place.ts';

const FLUSH_INTERVAL_MS = 200;

/** One arrival: of an operation, or (with `message`) of one message of a gRPC stream. */
export interface ArrivalLine {
  op: string;
  /** Number of the connection, counted from 1 over both protocols. */
  session: number;
  /** Monotonic, ns: headers complete (HTTP), message complete (unary gRPC), call begun (gRPC stream). */
  arrival_ns: number;
  protocol: 'http' | 'grpc';
  method: string;
  path: string;
  /** The bytes of the body of the whole request, without framing, after decompression. */
  body_bytes: number;
  body_crc32: number;
  /** Number of messages received, on the line of a stream; written when the stream ends. */
  messages?: number;
  /** Which message of the stream this is, from 1; `arrival_ns`, size and CRC are the message's own. */
  message?: number;
  /** The client went away before its request was whole. */
  aborted?: true;
}

/** A file of arrivals, one JSON object a line. */
export interface ArrivalLog {
  readonly enabled: boolean;
  write(line: ArrivalLine): void;
  /** Writes what is buffered; an `io` error if any write failed. */
  close(): Promise<void>;
}

const NO_LOG: ArrivalLog = { enabled: false, write: () => undefined, close: () => Promise.resolve() };

/**
 * Opens the file; lines go there every 200 ms and at the end. One that exists is a `usage` error, unless `force` says to
 * empty it. Without a path, a log that does nothing.
 */
export async function createArrivalLog(path: string | undefined, force = false): Promise<ArrivalLog> {
  if (path === undefined) return NO_LOG;
  const file = await openLog(path, force);
  let lines: string[] = [];
  let failure: unknown;
  let writing: Promise<void> = Promise.resolve();
  const flush = () => {
    if (lines.length === 0) return;
    const text = `${lines.join('\n')}\n`;
    lines = [];
    writing = writing
      // After a failure nothing more: what is there stays whole lines, and a beginning.
      .then(() => (failure === undefined ? file.appendFile(text) : undefined))
      .catch((cause: unknown) => {
        failure ??= cause;
      });
  };
  const timer = setInterval(flush, FLUSH_INTERVAL_MS);
  return {
    enabled: true,
    write: (line) => void lines.push(JSON.stringify(line)),
    async close() {
      clearInterval(timer);
      flush();
      await writing;
      await file.close();
      if (failure !== undefined) throw EngramTraceError.from(failure, 'io', { where: path });
    },
  };
}

async function openLog(path: string, force: boolean): Promise<FileHandle> {
  const place = findOutputPlace(path);
  const isNew = place.kind === 'file' && !force;
  return open(isNew ? place.path : path, isNew ? 'wx' : 'w', 0o600).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') throw ioError(cause, path);
    throw new EngramTraceError('usage', 'the output exists already', {
      where: path,
      hint: 'Add --force to replace it.',
    });
  });
}

import { open } from 'node:fs/promises';
import { EngramTraceError } from '../trace/error.ts';

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
  /** Of the whole request; without framing, after decompression. */
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

/** Opens (and empties) the file; lines go there every 200 ms and at the end. Without a path, a log that does nothing. */
export async function createArrivalLog(path: string | undefined): Promise<ArrivalLog> {
  if (path === undefined) return NO_LOG;
  const file = await open(path, 'w', 0o600).catch((cause: unknown) => {
    throw EngramTraceError.from(cause, 'io', { where: path });
  });
  let lines: string[] = [];
  let failure: unknown;
  let writing: Promise<void> = Promise.resolve();
  const flush = () => {
    if (lines.length === 0) return;
    const text = `${lines.join('\n')}\n`;
    lines = [];
    writing = writing
      .then(() => file.appendFile(text))
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

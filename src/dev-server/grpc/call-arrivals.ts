import { crc32 } from 'node:zlib';
import { engramDialect } from '../../dialects/engram.ts';
import type { ServerContext } from '../server-context.ts';

/** Writes the arrival lines of one call. */
export interface CallArrivals {
  /** Logs a message of a stream that has just come in. */
  message(bytes: Uint8Array): void;
  /** Logs the call itself. Once; later calls do nothing. */
  finish(aborted: boolean): void;
}

export interface CallIdentity {
  path: string;
  session: number;
  arrivalNs: number;
  /** Log each message too, and their number. */
  streaming: boolean;
}

const NO_BYTES = new Uint8Array(0);
const IGNORED: CallArrivals = { message: () => undefined, finish: () => undefined };

/** Makes what tracks one call; it keeps only sums and the name of the first message. */
export function trackArrivals(context: ServerContext, call: CallIdentity): CallArrivals {
  const { log, nowNs } = context;
  if (!log.enabled) return IGNORED;
  const { path, session, arrivalNs, streaming } = call;
  const base = { session, protocol: 'grpc', method: 'POST', path } as const;
  const name = (body: Uint8Array) =>
    engramDialect.describe({ protocol: 'grpc', method: 'POST', path, headers: [], body }).op;
  let op: string | undefined;
  let messages = 0;
  let bytesReceived = 0;
  let checksum = 0;
  let finished = false;
  return {
    message(bytes) {
      op ??= name(bytes);
      messages++;
      bytesReceived += bytes.length;
      checksum = crc32(bytes, checksum);
      if (!streaming) return;
      const own = { body_bytes: bytes.length, body_crc32: crc32(bytes), message: messages };
      log.write({ op, ...base, arrival_ns: nowNs(), ...own });
    },
    finish(aborted) {
      if (finished) return;
      finished = true;
      const sums = { body_bytes: bytesReceived, body_crc32: checksum };
      log.write({
        op: op ?? name(NO_BYTES),
        ...base,
        arrival_ns: arrivalNs,
        ...sums,
        ...(streaming ? { messages } : {}),
        ...(aborted ? { aborted: true } : {}),
      });
    },
  };
}

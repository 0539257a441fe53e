import { damagedHeader } from './damage.ts';
import { EngramTraceError } from './error.ts';
import { decodeHeader } from './header-codec.ts';
import { refusal } from './read-frames.ts';
import type { TraceHeader } from './record.ts';
import { MalformedError, WireReader } from './wire-reader.ts';
import { decompressFrame } from './zstd.ts';
import { frameSpan } from './zstd-frame.ts';

/** Decodes the content of the first frame of a trace file. */
export function readHeader(raw: Uint8Array, name: string): TraceHeader {
  return orDamaged(name, () => {
    const reader = new WireReader(raw);
    if (reader.nested() !== raw.length)
      throw new MalformedError('its frame does not hold exactly one message');
    const header = decodeHeader(raw.subarray(reader.pos), name);
    if (header.formatVersion < 1) throw new MalformedError('it has no format version');
    return header;
  });
}

/** Decompresses and decodes the first frame of a trace file. */
export function readHeaderFrame(frame: Uint8Array, name: string): TraceHeader {
  const raw = orDamaged(name, () => {
    const span = frameSpan(frame);
    if (span.kind !== 'data') throw new MalformedError('it is not whole');
    const reason = refusal(span);
    if (reason !== undefined) throw new MalformedError(reason);
    return decompressFrame(frame.subarray(0, span.sizeBytes), span.contentBytes ?? 0);
  });
  return readHeader(raw, name);
}

function orDamaged<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof EngramTraceError) throw error;
    throw damagedHeader(name, error);
  }
}

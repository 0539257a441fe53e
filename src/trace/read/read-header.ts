import { EngramTraceError } from '../../error.ts';
import { decodeHeader } from '../block/header-decoder.ts';
import { MalformedError, WireReader } from '../bytes/wire-reader.ts';
import { damagedHeader } from '../frames/damage.ts';
import { traceFrameRefusal } from '../frames/trace-frame-refusal.ts';
import { decompressFrame } from '../frames/zstd.ts';
import { frameSpan } from '../frames/zstd-frame.ts';
import type { TraceHeader } from '../record/record.ts';

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

const FIRST_FIELD_TAG = 8;

/**
 * Whether a frame among the blocks holds a Header, as where a file that was not closed is followed by another. Its
 * first field is a small version, where that of a Block is an epoch; `epochUnixNs` is that of the first one.
 */
export function startsTrace(raw: Uint8Array, epochUnixNs: bigint | undefined): boolean {
  const at = raw.findIndex((byte) => byte < 128) + 1;
  const value = raw[at + 1] ?? 128;
  const isHeader = raw[at] === FIRST_FIELD_TAG && value < 128;
  return isHeader && epochUnixNs !== undefined && BigInt(value) !== epochUnixNs;
}

/** Decompresses and decodes the first frame of a trace file. */
export function readHeaderFrame(frame: Uint8Array, name: string): TraceHeader {
  const raw = orDamaged(name, () => {
    const span = frameSpan(frame);
    if (span.kind !== 'data') throw new MalformedError('it is not whole');
    const reason = traceFrameRefusal(span);
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

import { damagedHeader } from './damage.ts';
import { EngramTraceError } from './error.ts';
import { decodeHeader } from './header-codec.ts';
import { refusal } from './read-frames.ts';
import type { TraceHeader } from './record.ts';
import { MalformedError, WireReader } from './wire-reader.ts';
import { decompressFrame } from './zstd.ts';
import { frameSpan } from './zstd-frame.ts';

/** Decodes the first frame of a trace file. */
export function readHeader(frame: Uint8Array, name: string): TraceHeader {
  try {
    const span = frameSpan(frame);
    if (span.kind !== 'data') throw new MalformedError('it is not whole');
    const reason = refusal(span);
    if (reason !== undefined) throw new MalformedError(reason);
    const reader = new WireReader(decompressFrame(frame.subarray(0, span.sizeBytes), span.contentBytes ?? 0));
    if (reader.nested() !== reader.bytes.length)
      throw new MalformedError('its frame holds more than one message');
    const header = decodeHeader(reader.bytes.subarray(reader.pos), name);
    if (header.formatVersion < 1) throw new MalformedError('it has no format version');
    return header;
  } catch (error) {
    if (error instanceof EngramTraceError) throw error;
    throw damagedHeader(name, error);
  }
}

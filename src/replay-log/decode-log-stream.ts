import { MalformedError, WireReader } from '../trace/bytes/wire-reader.ts';
import type { LogStream } from './log-block.ts';
import { unzigzag } from './zigzag.ts';

/**
 * Decodes the Stream messages of a block whose entries are due at `dueNs`; throws `MalformedError` for one that belongs
 * to no entry, or stands in the wrong place.
 */
export function decodeStreams(views: readonly Uint8Array[], dueNs: Float64Array): LogStream[] {
  let last = -1;
  return views.map((view) => {
    const stream = decodeStream(new WireReader(view), dueNs);
    if (stream.entry <= last) throw new MalformedError(`a stream of entry ${stream.entry} after ${last}`);
    last = stream.entry;
    return stream;
  });
}

function decodeStream(reader: WireReader, dues: Float64Array): LogStream {
  const fields = { entry: 0, timeScale: 0, untimed: 0 };
  const packed = new Map<number, Uint8Array>();
  while (reader.pos < reader.end) {
    const tag = reader.varint();
    if (tag === 8) fields.entry = reader.varint();
    else if (tag === 17) fields.timeScale = reader.double();
    else if (tag === 56) fields.untimed = reader.varint();
    else if ((tag & 7) === 2) packed.set(tag >> 3, reader.view());
    else reader.skip(tag);
  }
  const dueNs = dues[fields.entry];
  if (dueNs === undefined) throw new MalformedError(`a stream of entry ${fields.entry}, which is not there`);
  const times = (field: number, origin: number): Float64Array => deltas(packed.get(field), origin);
  return {
    ...fields,
    plannedNs: times(3, 0),
    recordedNs: times(4, 0),
    sentNs: times(5, dueNs),
    receivedNs: times(6, dueNs),
  };
}

function deltas(view: Uint8Array | undefined, origin: number): Float64Array {
  if (view === undefined) return new Float64Array(0);
  const reader = new WireReader(view);
  // A value takes a byte or more.
  const times = new Float64Array(view.length);
  let count = 0;
  let last = origin;
  while (reader.pos < reader.end) {
    last += unzigzag(reader.varint());
    times[count++] = last;
  }
  return times.slice(0, count);
}

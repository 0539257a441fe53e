import { MalformedError, WireReader } from '../trace/bytes/wire-reader.ts';
import type { LogEndless, LogStream } from './log-block.ts';
import { readSigned } from './zigzag.ts';

/**
 * Decodes the Stream messages of a block whose entries are due at `dueNs`; throws `MalformedError` for one that belongs
 * to no entry, or stands in the wrong place.
 */
export function decodeStreams(views: readonly Uint8Array[], dueNs: Float64Array): LogStream[] {
  return inOrder(
    views.map((view) => decodeStream(new WireReader(view), dueNs)),
    'a stream',
  );
}

/** Decodes the EndlessAnswer messages of a block, as `decodeStreams` does. */
export function decodeEndless(views: readonly Uint8Array[], dueNs: Float64Array): LogEndless[] {
  return inOrder(
    views.map((view) => decodeAnswer(new WireReader(view), dueNs)),
    'an endless answer',
  );
}

function inOrder<T extends { entry: number }>(parts: T[], what: string): T[] {
  parts.forEach(({ entry }, i) => {
    const before = parts[i - 1]?.entry ?? -1;
    if (entry <= before) throw new MalformedError(`${what} of entry ${entry} after ${before}`);
  });
  return parts;
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
  const dueNs = dueOf(fields.entry, dues, 'a stream');
  const times = (field: number, origin: number): Float64Array => deltas(packed.get(field), origin);
  return {
    ...fields,
    plannedNs: times(3, 0),
    recordedNs: times(4, 0),
    sentNs: times(5, dueNs),
    receivedNs: times(6, dueNs),
  };
}

function decodeAnswer(reader: WireReader, dues: Float64Array): LogEndless {
  const fields = { entry: 0, areEventsKnown: false, untimed: 0, comments: 0 };
  let events: Uint8Array | undefined;
  while (reader.pos < reader.end) {
    const tag = reader.varint();
    if (tag === 8) fields.entry = reader.varint();
    else if (tag === 16) fields.areEventsKnown = reader.varint() !== 0;
    else if (tag === 26) events = reader.view();
    else if (tag === 32) fields.untimed = reader.varint();
    else if (tag === 40) fields.comments = reader.varint();
    else reader.skip(tag);
  }
  return { ...fields, eventNs: deltas(events, dueOf(fields.entry, dues, 'an endless answer')) };
}

function dueOf(entry: number, dues: Float64Array, what: string): number {
  const dueNs = dues[entry];
  if (dueNs === undefined) throw new MalformedError(`${what} of entry ${entry}, which is not there`);
  return dueNs;
}

function deltas(view: Uint8Array | undefined, origin: number): Float64Array {
  if (view === undefined) return new Float64Array(0);
  const reader = new WireReader(view);
  // A value takes a byte or more.
  const times = new Float64Array(view.length);
  let count = 0;
  let last = origin;
  while (reader.pos < reader.end) {
    last += readSigned(reader);
    times[count++] = last;
  }
  return times.slice(0, count);
}

import { EngramTraceError } from '../error.ts';
import { MinHeap } from '../min-heap.ts';
import type { RecordMap, TraceRecord } from '../trace/record/record.ts';

/** The most that a map may have made for later. */
const MOST_HELD = { records: 65_536, bytes: 64 * 1024 * 1024 };

/**
 * The records that `map` makes of others, in the order of their starts. One that starts later than the record it was
 * made of waits until it is its turn; of equal starts the one made first goes first. Throws `usage` for one that would
 * have to go before what has gone already, and where too much would wait. What is made before an error comes first.
 */
export async function* mapRecords(
  batches: AsyncIterable<TraceRecord[]>,
  map: RecordMap,
): AsyncGenerator<TraceRecord[]> {
  const order = createOrder();
  let failure: { error: unknown } | undefined;
  try {
    for await (const batch of batches) {
      for (const record of batch) {
        const { startNs } = record;
        order.add(map(record), startNs);
      }
      if (order.hasReady()) yield order.take();
    }
  } catch (error) {
    failure = { error };
  }
  order.end();
  if (order.hasReady()) yield order.take();
  if (failure) throw failure.error;
}

interface Waiting {
  readonly record: TraceRecord;
  /** The number of records that wait. */
  readonly number: number;
}

/** Puts what is made of records, which come in their order, into order. */
function createOrder() {
  const waiting = new MinHeap<Waiting>((a, b) => {
    const difference = a.record.startNs - b.record.startNs;
    return difference < 0 || (difference === 0 && a.number < b.number);
  });
  let ready: TraceRecord[] = [];
  let waitingBytes = 0;
  let number = 0;
  let sentNs = Number.NEGATIVE_INFINITY;

  const send = (record: TraceRecord) => {
    if (!Number.isSafeInteger(record.startNs)) throw noTime(record);
    if (record.startNs < sentNs) throw tooEarly(record, sentNs);
    sentNs = record.startNs;
    ready.push(record);
  };
  const wait = (record: TraceRecord) => {
    if (!Number.isSafeInteger(record.startNs)) throw noTime(record);
    waiting.push({ record, number: number++ });
    waitingBytes += record.body.length;
    if (waiting.size > MOST_HELD.records || waitingBytes > MOST_HELD.bytes) throw tooMuch(record);
  };
  const release = (untilNs: number) => {
    for (let next = waiting.peek(); next && next.record.startNs <= untilNs; next = waiting.peek()) {
      waiting.pop();
      waitingBytes -= next.record.body.length;
      send(next.record);
    }
  };
  return {
    /** What was made of a record that starts at `sourceNs`. */
    add(made: ReturnType<RecordMap>, sourceNs: number): void {
      if (isList(made)) for (const one of made) wait(one);
      else if (made !== undefined && waiting.size === 0 && made.startNs <= sourceNs) send(made);
      else if (made !== undefined) wait(made);
      release(sourceNs);
    },
    end: () => release(Number.POSITIVE_INFINITY),
    hasReady: () => ready.length > 0,
    take(): TraceRecord[] {
      const taken = ready;
      ready = [];
      return taken;
    },
  };
}

function isList(made: ReturnType<RecordMap>): made is readonly TraceRecord[] {
  return Array.isArray(made);
}

function tooEarly({ startNs, op }: TraceRecord, sentNs: number): EngramTraceError {
  const message = `a map made a record (${op}) that starts at ${startNs} ns, behind one that starts at ${sentNs} ns`;
  const hint = 'a map may move records to later, or all of them by the same time to earlier';
  return new EngramTraceError('usage', message, { hint });
}

function noTime({ startNs, op }: TraceRecord): EngramTraceError {
  return new EngramTraceError(
    'usage',
    `a map made a record (${op}) that starts at ${startNs} ns, which is no whole number`,
  );
}

function tooMuch({ startNs }: TraceRecord): EngramTraceError {
  const { records, bytes } = MOST_HELD;
  const message = `more than ${records} records or ${bytes / 2 ** 20} MiB that a map made would wait for their time`;
  const hint = `it moved them too far to later, the last one to ${startNs} ns`;
  return new EngramTraceError('usage', message, { hint });
}

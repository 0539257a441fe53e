import type { LogStream } from '../../replay-log/log-block.ts';
import { STREAMS_VERSION } from '../../replay-log/log-columns.ts';
import { type Expectations, exactly, expectAll } from '../measure/expectations.ts';
import type { LogRow, LogTable } from '../measure/log-table.ts';
import type { OpNames } from '../measure/op-names.ts';
import type { TimeList } from '../measure/time-list.ts';
import { expectTimes, type TimesKind } from './expect-times.ts';

const US = 1e3;

const KINDS: readonly TimesKind<LogStream>[] = [
  {
    section: 'message_send_error_us',
    histogram: 'message_send_error',
    addTimes: (row, stream, to) => addLate(row.dueNs, stream, to),
  },
  {
    section: 'message_lateness_us',
    histogram: 'message_lateness',
    addTimes: (row, stream, to) => addLate(row.sentNs, stream, to),
  },
  {
    section: 'received_gap_us',
    histogram: 'received_gap',
    addTimes: (_, { receivedNs }, to) => addGaps(receivedNs, to),
  },
  {
    section: 'recorded_gap_us',
    histogram: 'recorded_gap',
    addTimes: (_, { recordedNs }, to) => addGaps(recordedNs, to),
  },
];

/** How late the messages of a stream left, where each was due as long after `fromNs` as it was recorded, scaled. */
function addLate(fromNs: number, { sentNs, plannedNs, timeScale }: LogStream, to: TimeList): void {
  sentNs.forEach((leftNs, i) => {
    to.add(leftNs - (fromNs + Math.round((plannedNs[i] ?? Number.NaN) / timeScale)));
  });
}

function addGaps(times: Float64Array, to: TimeList): void {
  times.forEach((ns, i) => {
    if (i > 0) to.add(ns - (times[i - 1] as number));
  });
}

interface CountedStreams {
  operations: number;
  left: number;
  messages_planned: number;
  messages_sent: number;
  messages_unsent: number;
  messages_recorded: number;
  messages_received: number;
  messages_untimed: number;
}

/**
 * The section of streams, from each message that went and came. Returns how many times lie outside of what histograms
 * hold. A log of before there was such a section says nothing of it.
 */
export async function expectStreams(table: LogTable, names: OpNames, into: Expectations) {
  if (table.reading.header.formatVersion < STREAMS_VERSION) return { below: 0, above: 0 };
  const { counts, ops } = await countStreams(table, names);
  if (counts.operations === 0) into.set('streams', exactly(null));
  else {
    const values = Object.entries(counts).map(([name, count]) => [name, exactly(count)]);
    expectAll(into, 'streams', Object.fromEntries(values));
  }
  const path = counts.operations > 0 ? 'streams' : undefined;
  const section = { kinds: KINDS, path, unitNs: US, ops: ops, insideOf };
  return expectTimes(table, names, section, into);
}

/** `ops`: places in `names` of which a stream left. */
async function countStreams(
  table: LogTable,
  names: OpNames,
): Promise<{ counts: CountedStreams; ops: Set<number> }> {
  const counts: CountedStreams = {
    operations: 0,
    left: 0,
    messages_planned: 0,
    messages_sent: 0,
    messages_unsent: 0,
    messages_recorded: 0,
    messages_received: 0,
    messages_untimed: 0,
  };
  const ops = new Set<number>();
  await table.each((row) => {
    const { stream } = row;
    if (stream === undefined) return;
    const { plannedNs, sentNs, recordedNs, receivedNs, untimed } = stream;
    counts.operations += 1;
    counts.messages_planned += plannedNs.length;
    counts.messages_sent += sentNs.length;
    counts.messages_unsent += Math.max(0, plannedNs.length - sentNs.length);
    if (!row.isSent) return;
    ops.add(names.indexOf(row.op));
    counts.left += 1;
    counts.messages_recorded += recordedNs.length;
    counts.messages_received += receivedNs.length + untimed;
    counts.messages_untimed += untimed;
  });
  return { counts, ops };
}

function insideOf({ stream, isSent }: LogRow): LogStream | undefined {
  return isSent ? stream : undefined;
}

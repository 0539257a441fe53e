import type { LogEndless } from '../../replay-log/log-block.ts';
import { ENDLESS_VERSION } from '../../replay-log/log-columns.ts';
import type { SortedTimes } from '../measure/exact-times.ts';
import { type Expectations, exactly, expectAll } from '../measure/expectations.ts';
import type { LogRow, LogTable } from '../measure/log-table.ts';
import type { OpNames } from '../measure/op-names.ts';
import { TimeList } from '../measure/time-list.ts';
import { expectTimes, type TimesKind } from './expect-times.ts';

const MS = 1e6;

const KINDS: readonly TimesKind<LogEndless>[] = [
  {
    section: 'first_event_ms',
    histogram: 'first_event',
    addTimes: ({ sentNs }, { eventNs: [firstNs] }, to) => {
      if (firstNs !== undefined) to.add(firstNs - sentNs);
    },
  },
  {
    section: 'event_gap_ms',
    histogram: 'event_gap',
    addTimes: (_, { eventNs }, to) => {
      for (let i = 1; i < eventNs.length; i += 1) to.add((eventNs[i] as number) - (eventNs[i - 1] as number));
    },
  },
  {
    section: 'longest_silence_ms',
    histogram: 'longest_silence',
    addTimes: (row, endless, to) => to.add(silenceNs(row, endless)),
  },
];

/** From the head to the first event, from one to the next, from the last to the end where that one's time is known. */
function silenceNs({ firstAnswerNs, doneNs }: LogRow, { eventNs, untimed }: LogEndless): number {
  const moments = [firstAnswerNs, ...eventNs, ...(untimed === 0 ? [doneNs] : [])];
  return moments.reduce((longest, ns, i) => Math.max(longest, ns - (moments[i - 1] ?? ns)), 0);
}

interface Counts {
  answers: number;
  response_bytes: number;
  events_unknown: number;
  events: number;
  events_untimed: number;
  comments: number;
}

interface Counted {
  counts: Counts;
  ended: Record<string, number>;
  maxOpen: number;
  /** Places in the names of those ops that had such answers. */
  ops: Set<number>;
}

/**
 * The section of endless answers, from each event that came. Returns how many times lie outside of what histograms
 * hold. A log of before there was such a section says nothing of it.
 */
export async function expectEndless(table: LogTable, names: OpNames, into: Expectations) {
  if (table.reading.header.formatVersion < ENDLESS_VERSION) return { below: 0, above: 0 };
  const counted = await countEndless(table, names);
  const isAny = counted.counts.answers > 0;
  if (isAny) expectCounts(into, counted);
  else into.set('endless_answers', exactly(null));
  const path = isAny ? 'endless_answers' : undefined;
  const section = { kinds: KINDS, path, unitNs: MS, ops: counted.ops, insideOf };
  return expectTimes(table, names, section, into);
}

function expectCounts(into: Expectations, { counts, ended, maxOpen }: Counted): void {
  const { answers, response_bytes, events_unknown, ...ofEvents } = counts;
  const known = Object.entries(ofEvents).map(([name, count]) => [
    name,
    exactly(events_unknown < answers ? count : null),
  ]);
  expectAll(into, 'endless_answers', {
    answers: exactly(answers),
    max_open: exactly(maxOpen),
    response_bytes: exactly(response_bytes),
    events_unknown: exactly(events_unknown),
    ...Object.fromEntries(known),
  });
  const ends = Object.entries(ended).map(([name, count]) => [name, exactly(count)]);
  expectAll(into, 'endless_answers.ended', Object.fromEntries(ends));
}

async function countEndless(table: LogTable, names: OpNames): Promise<Counted> {
  const counts: Counts = {
    answers: 0,
    response_bytes: 0,
    events_unknown: 0,
    events: 0,
    events_untimed: 0,
    comments: 0,
  };
  const ended = { by_server: 0, cancelled_as_recorded: 0, timeout: 0, cut_off: 0, broken: 0 };
  const ops = new Set<number>();
  const [opened, over] = [new TimeList(), new TimeList()];
  await table.each((row) => {
    const { endless } = row;
    if (endless === undefined) return;
    ops.add(names.indexOf(row.op));
    ended[endOf(row)] += 1;
    opened.add(row.firstAnswerNs);
    over.add(row.doneNs);
    countOne(counts, row, endless);
  });
  return { counts, ended, ops, maxOpen: mostAtOnce(opened.sorted(), over.sorted()) };
}

function countOne(
  counts: Counts,
  row: LogRow,
  { areEventsKnown, eventNs, untimed, comments }: LogEndless,
): void {
  counts.answers += 1;
  counts.response_bytes += row.responseBytes;
  if (!areEventsKnown) {
    counts.events_unknown += 1;
    return;
  }
  counts.events += eventNs.length + untimed;
  counts.events_untimed += untimed;
  counts.comments += comments;
}

function endOf(row: LogRow) {
  if (row.disposition === 'cut_off') return 'cut_off';
  if (row.isCancelled) return 'cancelled_as_recorded';
  if (row.failure === '') return 'by_server';
  return row.failure === 'timeout' ? 'timeout' : 'broken';
}

/** The most answers that were open at one time: at every opening, those that opened less those that were over. */
function mostAtOnce(opened: SortedTimes, over: SortedTimes): number {
  let most = 0;
  let gone = 0;
  for (let i = 0; i < opened.length; i += 1) {
    while (gone < over.length && (over[gone] as number) < (opened[i] as number)) gone += 1;
    most = Math.max(most, i + 1 - gone);
  }
  return most;
}

function insideOf({ endless }: LogRow): LogEndless | undefined {
  return endless?.areEventsKnown === true ? endless : undefined;
}

import { isoTime } from '../iso-time.ts';
import { playsAll } from '../replay-run/options/plays-all.ts';
import { dialectOf, onlyPredicate } from '../replay-run/options/record-predicate.ts';
import type { RunOptions } from '../replay-run/options/run-options.ts';
import { createNumberedSource, type ReplayPart } from '../replay-run/source/numbered-source.ts';
import { ARRIVAL_BIN_NS } from '../trace/stats/block-stats.ts';
import { decodeBlockStats } from '../trace/stats/block-stats-decoder.ts';
import type { Trace } from '../trace/trace.ts';
import { ArrivalCounter } from './arrival-counter.ts';

/** Where in the recording a step begins, and what is recorded in the time it takes. */
export interface StepWindow {
  /** When the part starts, on the wall clock of the recording. */
  start: string;
  /** When it starts, in seconds after the first record that takes part. */
  from_s: number;
  duration_s: number;
  records: number;
  records_per_sec: number;
}

/** The part of a trace to play, from the start of its busiest window on. */
export interface BusiestPart {
  part: ReplayPart;
  window: StepWindow;
}

type PartOfRun = Pick<RunOptions, 'trace' | 'range' | 'only' | 'skipDamaged'>;

/**
 * Counts the arrivals of a run once and then tells the busiest part for any length of recorded time; undefined where
 * nothing takes part. The rest of the trace follows it, so that a step does not end in the middle.
 */
export async function createBusiestPart(run: PartOfRun): Promise<(ns: number) => BusiestPart | undefined> {
  const isWhole = playsAll(run);
  const { trace } = run;
  const counter = isWhole && trace.index !== undefined ? countOfIndex(trace) : await countOfRecords(run);
  const unixNs = (ns: number): bigint => trace.header.epochUnixNs + BigInt(Math.floor(ns));
  return (lengthNs) => {
    const found = counter.busiest(lengthNs);
    if (found === undefined) return undefined;
    const { startNs, endNs, records } = found;
    const durationS = (endNs - startNs) / 1e9;
    const window: StepWindow = {
      start: isoTime(unixNs(startNs), 3),
      from_s: (startNs - counter.firstNs) / 1e9,
      duration_s: durationS,
      records,
      records_per_sec: records / durationS,
    };
    const to = isWhole ? undefined : { unixNs: unixNs(counter.lastNs) + 1n };
    return { part: { from: { unixNs: unixNs(startNs) }, to }, window };
  };
}

/** The index has the arrivals of each block in bins of 10 ms: no record is read. */
function countOfIndex(trace: Trace): ArrivalCounter {
  const counter = new ArrivalCounter();
  const { epochUnixNs } = trace.header;
  const width = BigInt(ARRIVAL_BIN_NS);
  const [zeroBin, intoBinNs] = [Number(epochUnixNs / width), Number(epochUnixNs % width)];
  const blocks = [...(trace.index?.blocks ?? [])].filter(({ records }) => records > 0);
  for (const { stats } of blocks.sort((a, b) => a.firstStartNs - b.firstStartNs)) {
    for (const [bin, count] of decodeBlockStats(stats).arrivals) {
      counter.add((bin - zeroBin) * ARRIVAL_BIN_NS - intoBinNs, count);
    }
  }
  return counter;
}

async function countOfRecords({ trace, range, only, skipDamaged }: PartOfRun): Promise<ArrivalCounter> {
  const counter = new ArrivalCounter();
  const takes = onlyPredicate(only, dialectOf(trace.header.dialect)) ?? (() => true);
  const source = createNumberedSource(trace, range ?? {}, skipDamaged ? 'skip' : 'throw');
  for await (const batch of source.open()) {
    for (const record of batch) if (takes(record)) counter.add(record.startNs);
  }
  return counter;
}

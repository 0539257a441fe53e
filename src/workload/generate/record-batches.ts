import type { TraceRecord } from '../../trace/record/record.ts';
import type { Trace } from '../../trace/trace.ts';
import { arrivalTimes } from '../arrivals/arrival-times.ts';
import { traceArrivals } from '../arrivals/trace-arrivals.ts';
import type { BodyRoom } from '../requests/body-room.ts';
import { createRecordMaker, type RecordMaker } from '../requests/record-maker.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** Opens the recording whose times a scenario takes. */
export type OpenRecording = (file: string) => Promise<Trace>;

/** A scenario and what makes its records: all of it is known from these two. */
export interface SeededScenario {
  readonly scenario: Scenario;
  readonly seed: number;
  /** What a target holds before the run, in place of the run itself. */
  readonly preload?: PreloadPart | undefined;
}

/** The memories of a scenario from a key on, evenly. */
export interface PreloadPart {
  readonly fromKey: number;
  readonly ratePerSec: number;
}

const NO_RECORDINGS: OpenRecording = () => Promise.reject(new Error('nobody opens recordings here'));

/** The records of a scenario in the order of their starts, in batches; the same ones however often it is called. */
export async function* recordBatches(
  seeded: SeededScenario,
  openRecording: OpenRecording = NO_RECORDINGS,
): AsyncGenerator<TraceRecord[]> {
  for await (const records of recordRuns(seeded, openRecording)) yield [...records];
}

/**
 * The same in runs, of which each record is made when it is asked for. `bodies`: where those are written; with room for
 * one, a record has to be used before the next is asked for.
 */
export async function* recordRuns(
  { scenario, seed, preload }: SeededScenario,
  openRecording: OpenRecording,
  bodies?: BodyRoom,
): AsyncGenerator<Iterable<TraceRecord>> {
  const maker = createRecordMaker(scenario, seed, bodies);
  if (preload !== undefined) return yield* preloadRuns(maker, scenario.data.nodes, preload);
  let number = 0;
  for await (const times of startsOf({ scenario, seed }, openRecording)) {
    yield made(maker, number, times);
    number += times.length;
  }
}

function* made(maker: RecordMaker, first: number, times: Float64Array): Generator<TraceRecord> {
  for (let at = 0; at < times.length; at++) yield maker.record(first + at, times[at] as number);
}

/** Short runs: the first is wanted at once. */
const PRELOAD_RUN = 64;

function* preloadRuns(
  maker: RecordMaker,
  nodes: number,
  { fromKey, ratePerSec }: PreloadPart,
): Generator<Iterable<TraceRecord>> {
  const startOf = (key: number): number => Math.round(((key - fromKey) / ratePerSec) * 1e9);
  for (let first = fromKey; first < nodes; first += PRELOAD_RUN)
    yield preloaded(maker, first, Math.min(nodes, first + PRELOAD_RUN), startOf);
}

function* preloaded(
  maker: RecordMaker,
  fromKey: number,
  toKey: number,
  startOf: (key: number) => number,
): Generator<TraceRecord> {
  for (let key = fromKey; key < toKey; key++) yield maker.preload(key, startOf(key));
}

/** When the operations start, in lists. */
export async function* startsOf(
  { scenario, seed }: SeededScenario,
  openRecording: OpenRecording = NO_RECORDINGS,
): AsyncGenerator<Float64Array> {
  const { arrival, durationNs } = scenario;
  if (arrival.pattern !== 'trace') return yield* arrivalTimes(arrival, seed, durationNs);
  const recording = await openRecording(arrival.file);
  try {
    yield* traceArrivals(recording, durationNs);
  } finally {
    await recording.close();
  }
}

import type { TraceRecord } from '../../trace/record/record.ts';
import type { Trace } from '../../trace/trace.ts';
import { arrivalTimes } from '../arrivals/arrival-times.ts';
import { traceArrivals } from '../arrivals/trace-arrivals.ts';
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
  { scenario, seed, preload }: SeededScenario,
  openRecording: OpenRecording = NO_RECORDINGS,
): AsyncGenerator<TraceRecord[]> {
  const maker = createRecordMaker(scenario, seed);
  if (preload !== undefined) return yield* preloadBatches(maker, scenario.data.nodes, preload);
  let number = 0;
  for await (const times of startsOf({ scenario, seed }, openRecording)) {
    const batch: TraceRecord[] = [];
    for (const startNs of times) batch.push(maker.record(number++, startNs));
    yield batch;
  }
}

/** Small batches: the first is wanted at once. */
const PRELOAD_BATCH = 64;

function* preloadBatches(
  maker: RecordMaker,
  nodes: number,
  { fromKey, ratePerSec }: PreloadPart,
): Generator<TraceRecord[]> {
  for (let key = fromKey; key < nodes; key += PRELOAD_BATCH) {
    const length = Math.min(PRELOAD_BATCH, nodes - key);
    const startOf = (at: number): number => Math.round(((key - fromKey + at) / ratePerSec) * 1e9);
    yield Array.from({ length }, (_, at) => maker.preload(key + at, startOf(at)));
  }
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

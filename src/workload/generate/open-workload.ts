import { emptyLoss, type Protocol, type TraceRecord } from '../../trace/record/record.ts';
import type { PlanHints } from '../../trace/stats/plan-hints.ts';
import type { ReadOptions, Trace } from '../../trace/trace.ts';
import { plannedRate } from '../arrivals/planned-rate.ts';
import { spaceNames } from '../requests/record-maker.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { outlineWorkload } from './outline-workload.ts';
import {
  type OpenRecording,
  type PreloadPart,
  recordBatches,
  type SeededScenario,
} from './record-batches.ts';
import { recordsWithin } from './records-within.ts';
import { workloadHeader } from './workload-header.ts';

/** How a workload is opened. */
export interface WorkloadOptions {
  readonly openRecording?: OpenRecording | undefined;
  /** Makes the records in a thread of its own where they are wanted ahead. */
  readonly inThread?: boolean | undefined;
}

/** Opens a workload as this program does. */
export type OpenWorkload = (seeded: SeededScenario) => Trace;

/** A scenario as a trace: its records are made while they are read, again and again the same. */
export function openWorkload(seeded: SeededScenario, options: WorkloadOptions = {}): Trace {
  const header = workloadHeader(seeded);
  return {
    name: `${seeded.preload === undefined ? '' : 'preload of '}scenario ${seeded.scenario.name}`,
    format: 'scenario',
    header,
    index: undefined,
    hints:
      seeded.preload === undefined ? hintsOf(seeded.scenario) : preloadHints(seeded.scenario, seeded.preload),
    seekable: true,
    warnings: [],
    loss: emptyLoss(),
    records: (read = {}) => recordsWithin(batchesOf(seeded, options, read), read),
    ...(seeded.preload === undefined
      ? { outline: (takes) => outlineWorkload(seeded, takes, options.openRecording) }
      : {}),
    close: () => Promise.resolve(),
  };
}

async function* batchesOf(
  seeded: SeededScenario,
  { openRecording, inThread }: WorkloadOptions,
  { ahead, placed }: ReadOptions,
): AsyncGenerator<TraceRecord[]> {
  if (!inThread || !ahead) return yield* recordBatches(seeded, openRecording);
  const { generatedAhead } = await import('./generated-ahead.ts');
  yield* generatedAhead(seeded, placed);
}

function hintsOf(scenario: Scenario): PlanHints {
  const { arrival, durationNs, data } = scenario;
  const ratePerSec = plannedRate(arrival, durationNs);
  const records = ratePerSec === undefined ? undefined : Math.round((ratePerSec * durationNs) / 1e9);
  return {
    records,
    protocols: protocolsOf(scenario),
    ratePerSec,
    sessions: scenario.sessions ?? records,
    spaces: spaceNames(data.spaces),
    ...(arrival.pattern === 'trace' ? {} : { firstStartNs: 0, lastStartNs: durationNs }),
  };
}

function preloadHints(scenario: Scenario, { fromKey, ratePerSec }: PreloadPart): PlanHints {
  const records = Math.max(0, scenario.data.nodes - fromKey);
  return {
    records,
    byProtocol:
      scenario.protocol === 'mixed' ? undefined : { http: 0, grpc: 0, [scenario.protocol]: records },
    protocols: protocolsOf({ ...scenario, operations: ONLY_STORES }),
    ratePerSec,
    sessions: records,
    spaces: spaceNames(scenario.data.spaces),
    firstStartNs: 0,
  };
}

const ONLY_STORES = { store: 1, recall: 0, embeddingSearch: 0, patternCompletion: 0 };

/** Completions go by HTTP whatever the rest does. */
function protocolsOf({ protocol, grpcShare, operations }: Scenario): Protocol[] {
  const { patternCompletion, ...others } = operations;
  const hasOthers = Object.values(others).some((weight) => weight > 0);
  const grpcPart = protocol === 'grpc' ? 1 : protocol === 'http' ? 0 : grpcShare;
  const http = (hasOthers && grpcPart < 1) || patternCompletion > 0;
  return [...(http ? (['http'] as const) : []), ...(hasOthers && grpcPart > 0 ? (['grpc'] as const) : [])];
}

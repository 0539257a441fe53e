import { EngramTraceError } from '../error.ts';
import type { ArrivalSpec } from '../workload/arrivals/arrival-spec.ts';
import { meanWeights } from '../workload/scenario/mean-weights.ts';
import type { Popularity, Scenario } from '../workload/scenario/scenario.ts';
import { fitArrivals, type TriedModel } from './fit-arrivals.ts';
import { fitMix } from './fit-mix.ts';
import { OPERATION_OF } from './mix-over-time.ts';
import type { RecallFinds } from './recall-finds.ts';
import type { RecordedLoad } from './recorded-load.ts';
import type { SessionPauses } from './session-pauses.ts';

/** A scenario that was learned, and what it can't say of the recording. */
export interface FittedScenario {
  readonly scenario: Scenario;
  /** The arrival processes that were tried, the chosen one first. */
  readonly tried: readonly TriedModel[];
  /** Sentences about what is not as recorded. */
  readonly notes: readonly string[];
}

const FEWEST_RECORDS = 20;
const DIGITS = 6;
/** What the target holds is in no recording. */
const NODES = 10_000;
const LEAST_ZIPF = 0.2;

/** Learns a scenario. Throws `empty` where there is too little to learn from, `unsupported` for what no scenario can express. */
export function fitScenario(name: string, load: RecordedLoad): FittedScenario {
  const { records, ops } = load.measures;
  if (records < FEWEST_RECORDS)
    throw new EngramTraceError('empty', `${records} records are too few to learn a scenario from`, {
      where: name,
    });
  const { weights, grpc, known } = operationsOf(load);
  if (known === 0)
    throw new EngramTraceError('unsupported', 'no operation of it is one that a scenario has', {
      where: name,
      hint: `ops there are: ${[...ops.keys()].slice(0, 5).join(', ')}; a scenario has remember, recall, search, query, complete`,
    });
  const tried = fitArrivals(load.arrivals, load.gapVariation, load.gaps);
  const arrival = rounded(tried[0]?.model.spec as ArrivalSpec);
  const { sessions } = load;
  const mixStages = fitMix(load.mix);
  const { dimension = 768, contentBytes = { least: 60, most: 200 } } = load.shapes;
  const scenario: Scenario = {
    name,
    description: 'learned from a recording',
    durationNs: load.durationNs,
    arrival,
    operations: mixStages === undefined ? weights : meanWeights(mixStages),
    mixStages,
    protocol: grpc === 0 ? 'http' : grpc === 1 ? 'grpc' : 'mixed',
    grpcShare: grpc,
    sessions: sessions !== undefined && sessions * 2 <= records ? sessions : undefined,
    data: {
      nodes: NODES,
      dimension,
      spaces: Math.max(1, load.spaces.size),
      embeddings: { type: 'clustered', clusters: 10, stdDev: 0.1 },
      duplicates: false,
      uniqueVectors: false,
      popularity: { kind: 'uniform' },
      spacePopularity: spacePopularity(load.spaces),
      leastContentBytes: Math.max(1, contentBytes.least),
      mostContentBytes: Math.max(1, contentBytes.most),
    },
    limits: {},
    chaos: undefined,
  };
  return {
    scenario,
    tried,
    notes: [...arrivalNotes(arrival), ...mixNotes(scenario), ...notesOf(load, known)],
  };
}

function operationsOf({ measures, byGrpc }: RecordedLoad) {
  const weights = { store: 0, recall: 0, embeddingSearch: 0, patternCompletion: 0 };
  let [known, grpcCount, either] = [0, 0, 0];
  for (const [op, { count }] of measures.ops) {
    const operation = OPERATION_OF[op];
    if (operation === undefined) continue;
    weights[operation] += count;
    known += count;
    if (operation === 'patternCompletion') continue;
    either += count;
    grpcCount += byGrpc.get(op) ?? 0;
  }
  // Completions go by HTTP whatever the rest does.
  const grpc = either === 0 ? 0 : grpcCount / either;
  const isMixed = weights.patternCompletion > 0 && grpc === 1;
  return { weights, grpc: isMixed ? 0.999 : Number(grpc.toPrecision(DIGITS)), known };
}

/** The exponent of Zipf's law by least squares on the logs of ranks and counts; uniform below 0.2. */
function spacePopularity(spaces: ReadonlyMap<string, number>): Popularity {
  const counts = [...spaces.values()].sort((a, b) => b - a);
  if (counts.length < 3) return { kind: 'uniform' };
  const points = counts.map((count, rank) => [Math.log(rank + 1), Math.log(count)] as const);
  const mean = (which: 0 | 1) => points.reduce((sum, point) => sum + point[which], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  let [across, along] = [0, 0];
  for (const [x, y] of points) {
    across += (x - meanX) * (y - meanY);
    along += (x - meanX) ** 2;
  }
  const exponent = Number((-across / along).toFixed(2));
  return exponent < LEAST_ZIPF ? { kind: 'uniform' } : { kind: 'zipf', exponent: Math.min(10, exponent) };
}

function rounded(arrival: ArrivalSpec): ArrivalSpec {
  const round = (value: unknown): unknown => {
    if (typeof value === 'number') return Number(value.toPrecision(DIGITS));
    if (Array.isArray(value))
      return value.map((each) => (typeof each === 'object' ? roundedObject(each) : each));
    return value;
  };
  const roundedObject = <T extends object>(object: T): T =>
    Object.fromEntries(
      Object.entries(object).map(([key, value]) => [key, key.endsWith('Ns') ? value : round(value)]),
    ) as T;
  return roundedObject(arrival);
}

function mixNotes({ mixStages = [] }: Scenario): string[] {
  return mixStages.length === 0
    ? []
    : [`the mix of operations changes: ${mixStages.length} stages have one each`];
}

function arrivalNotes({ pattern }: ArrivalSpec): string[] {
  if (pattern !== 'gaps') return [];
  return ['the gaps are independent of each other: how the rate changes over time is not in them'];
}

function notesOf({ measures, shapes, sessions, pauses, finds }: RecordedLoad, known: number): string[] {
  const other = [...measures.ops].filter(([op]) => OPERATION_OF[op] === undefined);
  const names = other.slice(0, 5).map(([op, { count }]) => `${op || '(none)'} (${count})`);
  const share = (100 * (1 - known / measures.records)).toFixed(1);
  return [
    ...(other.length === 0
      ? []
      : [`${share} % of the operations are of ops that no scenario has: ${names.join(', ')}`]),
    ...(shapes.dimension === undefined ? ['no vector was seen: embedding_dim is 768'] : []),
    ...(sessions === undefined ? ['more than 100,000 sessions: each operation is a session of its own'] : []),
    ...thinkNotes(pauses),
    ...findNotes(finds),
    `what the target held is in no recording: num_nodes is ${NODES}, and every memory is recalled alike`,
  ];
}

/** A scenario's operations wait for nobody: who wants clients that do has to say how long they pause. */
function thinkNotes({ think, sessionsAtOnce, lacksDurations }: SessionPauses): string[] {
  if (think === undefined) return [];
  const count = Math.max(1, Math.round(sessionsAtOnce));
  const longer = lacksDurations ? ' (longer by the answers that have no duration)' : '';
  return [
    `sessions paused for ${think} after an answer${longer}, and ${count} of them were there at one time: for clients that wait, run it with --clients ${count} --think ${think}`,
  ];
}

function findNotes({ share }: RecallFinds): string[] {
  if (share === undefined || share === 1) return [];
  return [
    `${(100 * share).toFixed(1)} % of the lookups found something; those of the scenario look for memories that the target holds`,
  ];
}

import { NO_BYTES, type TraceRecord, unknownOutcome } from '../../trace/record/record.ts';
import type { OperationWeights, Scenario } from '../scenario/scenario.ts';
import { SeededStream } from '../streams/seeded-stream.ts';
import { createContent } from '../values/content.ts';
import { createChoice } from '../values/popularity.ts';
import { createVectors } from '../values/vectors.ts';
import { type BodyRoom, createBodyRoom } from './body-room.ts';
import { grpcRequest } from './grpc-request.ts';
import { httpRequest } from './http-request.ts';
import type { ScenarioOp, ScenarioOperation } from './operation.ts';
import type { ValuesOfKeys } from './values-of-keys.ts';

/** Makes the records of one scenario. Each depends on the seed and its number alone. */
export interface RecordMaker {
  /** The operation with this number of the run (from 0). */
  record(number: number, startNs: number): TraceRecord;
  /** Stores the memory with this key: what a target holds before the run. */
  preload(key: number, startNs: number): TraceRecord;
}

/** A recall asks for a threshold from 0.5 on, a search for the nearest whatever they are. */
const RECALL_THRESHOLD = { least: 0.5, span: 0.4 };
const LEAST_CONFIDENCE = 0.7;

/**
 * Everything random is a stream of its own, by the number of the operation or by the key of the memory. `bodies`: where
 * those of the records are written.
 */
export function createRecordMaker(
  scenario: Scenario,
  seed: number,
  bodies: BodyRoom = createBodyRoom(),
): RecordMaker {
  const { data } = scenario;
  const { opAt, isGrpc } = createKinds(scenario, seed);
  const keyAt = createChoice(data.popularity, Math.max(1, data.nodes), new SeededStream(seed, 'keys'));
  const spaceOf = createSpaces(scenario, seed);
  const cues = new SeededStream(seed, 'cues');
  const confidences = new SeededStream(seed, 'confidences');
  const values: ValuesOfKeys = {
    vectors: createVectors(data, seed),
    content: createContent(data, seed),
    id: (key) => `load_${seed}_${key}`,
  };
  const store = (key: number): ScenarioOperation => ({
    op: 'remember',
    key,
    space: spaceOf(key),
    confidence: hundredths(LEAST_CONFIDENCE + (1 - LEAST_CONFIDENCE) * confidences.uniform(key)),
    threshold: 0,
    maxResults: 0,
  });
  const operationAt = (number: number, startNs: number): ScenarioOperation => {
    const op = opAt(number, startNs);
    // What is stored is new, and has a key behind those that were there before.
    if (op === 'remember') return store(data.nodes + number);
    const key = keyAt(number);
    return { op, key, space: spaceOf(key), confidence: 0, ...cueOf(op, cues, number) };
  };
  const requestOf = (operation: ScenarioOperation, byGrpc: boolean): RequestParts =>
    byGrpc
      ? { protocol: 'grpc', method: 'POST', ...grpcRequest(operation, values, bodies) }
      : { protocol: 'http', ...httpRequest(operation, values, bodies) };
  const made = (operation: ScenarioOperation, number: number, startNs: number, session: string) =>
    toRecord(operation, requestOf(operation, isGrpc(operation.op, number)), startNs, session);
  return {
    record: (number, startNs) =>
      made(operationAt(number, startNs), number, startNs, sessionOfOperation(scenario, number)),
    preload: (key, startNs) => made(store(key), key, startNs, preloadSession(key)),
  };
}

/** What an operation is, before anything of it is made. */
export interface OperationKinds {
  opAt(number: number, startNs: number): ScenarioOp;
  isGrpc(op: ScenarioOp, number: number): boolean;
}

/** Which operations there are, and which of them go by gRPC. */
export function createKinds(scenario: Scenario, seed: number): OperationKinds {
  const { protocol, grpcShare } = scenario;
  const protocols = new SeededStream(seed, 'protocols');
  return {
    opAt: createMix(scenario, new SeededStream(seed, 'operations')),
    isGrpc: (op, number) => {
      if (protocol === 'http' || op === 'complete') return false;
      return protocol === 'grpc' || protocols.uniform(number) < grpcShare;
    },
  };
}

/** The session of an operation: a client's by turns, or its own. */
export function sessionOfOperation({ sessions }: Pick<Scenario, 'sessions'>, number: number): string {
  return sessions === undefined ? `op-${number}` : `client-${number % sessions}`;
}

const PRELOAD = 'preload-';

/** The session of the record that stores a memory beforehand: each is one of its own. */
export function preloadSession(key: number): string {
  return `${PRELOAD}${key}`;
}

/** The memory that such a record stores. */
export function keyOfPreload(session: string): number {
  return Number(session.slice(PRELOAD.length));
}

type RequestParts = Pick<TraceRecord, 'protocol' | 'method' | 'path' | 'headers' | 'body'>;

function toRecord(
  { op, space }: ScenarioOperation,
  request: RequestParts,
  startNs: number,
  session: string,
): TraceRecord {
  return {
    startNs,
    durationNs: undefined,
    session,
    op,
    space,
    protocol: request.protocol,
    httpVersion: undefined,
    method: request.method,
    path: request.path,
    headers: request.headers,
    body: request.body.length === 0 ? NO_BYTES : request.body,
    bodyCompressed: false,
    bodyBytesMissing: 0,
    deadlineNs: undefined,
    stream: undefined,
    outcome: unknownOutcome(),
  };
}

/** The mix of the stage that an operation starts in. */
function createMix(
  { operations, mixStages = [] }: Scenario,
  stream: SeededStream,
): (number: number, startNs: number) => ScenarioOp {
  if (mixStages.length === 0) return createOps(operations, stream);
  let endNs = 0;
  const stages = mixStages.map((stage) => {
    endNs += stage.durationNs;
    return { endNs, opAt: createOps(stage.operations, stream) };
  });
  const last = stages.at(-1);
  return (number, startNs) => ((stages.find((stage) => startNs < stage.endNs) ?? last) as Stage).opAt(number);
}

interface Stage {
  readonly endNs: number;
  opAt(number: number): ScenarioOp;
}

/** By the weights, in the order store, recall, search, completion. */
function createOps(weights: OperationWeights, stream: SeededStream): (number: number) => ScenarioOp {
  const { store, recall, embeddingSearch, patternCompletion } = weights;
  const total = store + recall + embeddingSearch + patternCompletion;
  return (number) => {
    const drawn = stream.uniform(number) * total;
    if (drawn < store) return 'remember';
    if (drawn < store + recall) return 'recall';
    if (drawn < store + recall + embeddingSearch || patternCompletion === 0) {
      return embeddingSearch > 0 ? 'search' : recall > 0 ? 'recall' : 'remember';
    }
    return 'complete';
  };
}

/** A memory lives in one space: where it is stored it is looked for. */
function createSpaces({ data }: Scenario, seed: number): (key: number) => string {
  const names = spaceNames(data.spaces);
  const choice = createChoice(data.spacePopularity, data.spaces, new SeededStream(seed, 'spaces'));
  return (key) => names[choice(key)] as string;
}

/** The spaces of a scenario, as the older tool named them. */
export function spaceNames(spaces: number): string[] {
  return spaces === 1 ? ['default'] : Array.from({ length: spaces }, (_, number) => `space_${number}`);
}

function cueOf(
  op: ScenarioOp,
  cues: SeededStream,
  number: number,
): Pick<ScenarioOperation, 'threshold' | 'maxResults'> {
  if (op === 'search') return { threshold: 0, maxResults: 5 + cues.below(46, number) };
  const { least, span } = RECALL_THRESHOLD;
  return {
    threshold: hundredths(least + span * cues.uniform(number)),
    maxResults: 1 + cues.below(5, number, 1),
  };
}

/** In hundredths, so that texts are short. */
function hundredths(value: number): number {
  return Math.floor(value * 100) / 100;
}

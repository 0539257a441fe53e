import { parseToml } from '../../parse-toml.ts';
import type { ArrivalSpec } from '../arrivals/arrival-spec.ts';
import { meanWeights } from './mean-weights.ts';
import { readArrival } from './read-arrival.ts';
import { readChaos } from './read-chaos.ts';
import { readData } from './read-data.ts';
import { readLimits } from './read-limits.ts';
import type { OperationWeights, Scenario, ScenarioLimits } from './scenario.ts';
import { TableReader } from './table-reader.ts';

const DEFAULT_SECONDS = 300;

/** Reads a scenario; `file` names it in errors, which are of `usage`. */
export function readScenario(text: string, file: string): Scenario {
  const top = new TableReader(parseToml(text, `scenario ${file}`), `scenario ${file}`);
  refuseClients(top);
  const name = top.text('name');
  const description = top.text('description', '');
  const arrival = readArrival(top.table('arrival'));
  const { operations, mixStages } = readMix(top.table('operations'));
  const protocol = top.choice('protocol', ['http', 'grpc', 'mixed'], 'http');
  const scenario: Scenario = {
    name,
    description,
    durationNs: readDuration(top, arrival),
    arrival,
    operations,
    mixStages,
    protocol,
    grpcShare: top.number('grpc_share', { least: 0, most: 1, otherwise: 0.5 }),
    sessions: top.has('sessions') ? top.whole('sessions', { least: 1, most: 1e6 }) : undefined,
    data: readData(top.table('data')),
    limits: readValidation(top.table('validation')),
    chaos: readChaos(top.table('chaos'), top.has('chaos')),
  };
  if (protocol === 'grpc' && operations.patternCompletion > 0)
    throw top.error(
      'protocol',
      '= "grpc" can\'t send pattern_completion: Engram never answers it there',
      'write "mixed"',
    );
  top.refuseOthers();
  return scenario;
}

/** `clients/client-scenario.ts` reads those. */
function refuseClients(top: TableReader): void {
  if (!top.has('clients')) return;
  if (top.has('arrival') || top.has('operations'))
    throw top.error(
      'clients',
      'are for a scenario without [arrival] and [operations]',
      'engram-trace run --clients N lets clients send the operations',
    );
  throw top.error(
    'clients',
    'wait for their answers, so what they send is not known ahead',
    'engram-trace run runs such a scenario',
  );
}

/** Without a duration, stages say how long they take; all else takes five minutes, as it always did. */
function readDuration(top: TableReader, arrival: ArrivalSpec): number {
  const hasOne = top.has('duration');
  const duration = top.table('duration');
  if (hasOne) {
    const durationNs = duration.seconds('total_seconds');
    duration.refuseOthers();
    return durationNs;
  }
  return 'stages' in arrival
    ? arrival.stages.reduce((sum, { durationNs }) => sum + durationNs, 0)
    : DEFAULT_SECONDS * 1e9;
}

/** Weights that stay as they are, or stages of them: then those of the run are each stage's shares times how long it is. */
function readMix(operations: TableReader): Pick<Scenario, 'operations' | 'mixStages'> {
  if (!operations.has('stages')) return { operations: readOperations(operations), mixStages: undefined };
  const mixStages = operations.tables('stages').map((stage) => {
    const durationNs = stage.seconds('duration_sec');
    return { durationNs, operations: readOperations(stage) };
  });
  operations.refuseOthers({
    store_weight: 'with stages each has weights of its own',
    recall_weight: 'with stages each has weights of its own',
  });
  return { operations: meanWeights(mixStages), mixStages };
}

function readOperations(operations: TableReader): OperationWeights {
  const weight = (key: string, otherwise?: number) =>
    operations.number(key, { least: 0, most: 1e9, otherwise });
  const weights = {
    store: weight('store_weight'),
    recall: weight('recall_weight'),
    embeddingSearch: weight('embedding_search_weight'),
    patternCompletion: weight('pattern_completion_weight', 0),
  };
  operations.refuseOthers();
  if (Object.values(weights).some((each) => each > 0)) return weights;
  throw operations.error('store_weight', 'and all other weights are 0: nothing would be sent');
}

function readValidation(validation: TableReader): ScenarioLimits {
  const limits = readLimits(validation);
  validation.refuseOthers({ hit_rate_tolerance: 'it is for a scenario of clients, as light is one' });
  return limits;
}

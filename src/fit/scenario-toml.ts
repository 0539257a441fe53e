import type { ArrivalSpec } from '../workload/arrivals/arrival-spec.ts';
import type { OperationWeights, Popularity, Scenario, ScenarioData } from '../workload/scenario/scenario.ts';
import { type TomlValues, tomlTable } from './toml-table.ts';

/** A scenario as the file that `run --scenario` reads. */
export function scenarioToml(scenario: Scenario): string {
  const { name, description, durationNs, protocol, grpcShare, sessions, data } = scenario;
  return [
    ...tomlTable(undefined, {
      name,
      description,
      protocol,
      grpc_share: protocol === 'mixed' ? grpcShare : undefined,
      sessions,
    }),
    ...tomlTable('duration', { total_seconds: seconds(durationNs) }),
    ...arrivalLines(scenario.arrival),
    ...operationLines(scenario),
    ...dataLines(data),
  ].join('\n');
}

function seconds(ns: number): number {
  return ns / 1e9;
}

function operationLines({ operations, mixStages = [] }: Scenario): string[] {
  if (mixStages.length === 0) return tomlTable('operations', weights(operations));
  return mixStages.flatMap((stage) =>
    tomlTable('[operations.stages]', {
      duration_sec: seconds(stage.durationNs),
      ...weights(stage.operations),
    }),
  );
}

function weights({ store, recall, embeddingSearch, patternCompletion }: OperationWeights): TomlValues {
  return {
    store_weight: store,
    recall_weight: recall,
    embedding_search_weight: embeddingSearch,
    pattern_completion_weight: patternCompletion,
  };
}

function arrivalLines(arrival: ArrivalSpec): string[] {
  if ('stages' in arrival) {
    const start = arrival.pattern === 'ramp' ? { start_rate: arrival.startRate } : {};
    const stages = arrival.stages.flatMap(({ durationNs, rate }) =>
      tomlTable('[arrival.stages]', { duration_sec: seconds(durationNs), rate }),
    );
    return [...tomlTable('arrival', { pattern: arrival.pattern, ...start }), ...stages];
  }
  return tomlTable('arrival', { pattern: arrival.pattern, ...parametersOf(arrival) });
}

function parametersOf(arrival: Exclude<ArrivalSpec, { pattern: 'ramp' | 'steps' }>): TomlValues {
  switch (arrival.pattern) {
    case 'constant':
      return { rate: arrival.rate };
    case 'poisson':
    case 'exponential':
      return { lambda: arrival.rate };
    case 'periodic_burst':
      return {
        base_rate: arrival.baseRate,
        burst_rate: arrival.burstRate,
        burst_duration_sec: seconds(arrival.burstNs),
        burst_period_sec: seconds(arrival.periodNs),
      };
    case 'bursty':
      return {
        mean_rate: arrival.meanRate,
        burst_factor: arrival.burstFactor,
        burst_probability: arrival.burstProbability,
        burst_duration_sec: seconds(arrival.burstNs),
      };
    case 'mmpp':
      return {
        low_rate: arrival.lowRate,
        high_rate: arrival.highRate,
        low_mean_sec: seconds(arrival.lowNs),
        high_mean_sec: seconds(arrival.highNs),
      };
    case 'gaps':
      return { rate: arrival.rate, gap_shares: arrival.gapShares, gap_sizes: arrival.gapSizes };
    case 'periodic':
      return {
        base_rate: arrival.baseRate,
        amplitude: arrival.amplitude,
        period_secs: seconds(arrival.periodNs),
      };
    case 'trace':
      return { file: arrival.file };
  }
}

function dataLines(data: ScenarioData): string[] {
  return tomlTable('data', {
    num_nodes: data.nodes,
    embedding_dim: data.dimension,
    memory_spaces: data.spaces,
    content_bytes_min: data.leastContentBytes,
    content_bytes_max: data.mostContentBytes,
    ...popularity('popularity', data.popularity),
    ...popularity('space_popularity', data.spacePopularity),
  });
}

function popularity(key: string, value: Popularity): TomlValues {
  return value.kind === 'uniform' ? {} : { [key]: 'zipf', [`${key}_exponent`]: value.exponent };
}

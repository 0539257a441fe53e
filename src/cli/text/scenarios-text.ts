import { type Column, textTable } from '../../inspect/text-table.ts';
import { plannedRate } from '../../workload/arrivals/planned-rate.ts';
import type { OperationWeights, Scenario, ScenarioLimits } from '../../workload/scenario/scenario.ts';

/** What a table of scenarios tells of one. */
export interface ScenarioFacts {
  name: string;
  rate_per_sec: number | null;
  arrivals: string;
  /** Percent of the operations, by weight. */
  mix: { store: number; recall: number; search: number; completion: number };
  duration_s: number;
  limits: { p99_ms: number | null; throughput_per_sec: number | null; error_rate: number | null };
  description: string;
}

/** What there is to tell of a scenario. */
export function scenarioFacts(name: string, scenario: Scenario): ScenarioFacts {
  const { arrival, durationNs, operations, limits, description } = scenario;
  return {
    name,
    rate_per_sec: plannedRate(arrival, durationNs) ?? null,
    arrivals: arrival.pattern,
    mix: mixOf(operations),
    duration_s: durationNs / 1e9,
    limits: limitsOf(limits),
    description,
  };
}

function mixOf({
  store,
  recall,
  embeddingSearch,
  patternCompletion,
}: OperationWeights): ScenarioFacts['mix'] {
  const total = store + recall + embeddingSearch + patternCompletion;
  const share = (weight: number): number => Math.round((weight / total) * 1000) / 10;
  return {
    store: share(store),
    recall: share(recall),
    search: share(embeddingSearch),
    completion: share(patternCompletion),
  };
}

function limitsOf({ p99LatencyMs, throughputPerSec, errorRate }: ScenarioLimits): ScenarioFacts['limits'] {
  return {
    p99_ms: p99LatencyMs ?? null,
    throughput_per_sec: throughputPerSec ?? null,
    error_rate: errorRate ?? null,
  };
}

const COLUMNS: readonly Column[] = [
  { title: 'name' },
  { title: 'rate/s', align: 'right' },
  { title: 'arrivals' },
  { title: 'store/recall/search/completion' },
  { title: 'duration', align: 'right' },
  { title: 'limits' },
];

/** The table of scenarios: name, rate, mix, duration, limits. */
export function scenariosTable(facts: readonly ScenarioFacts[]): string[] {
  return textTable(COLUMNS, facts.map(rowOf));
}

function rowOf({ name, rate_per_sec, arrivals, mix, duration_s, limits }: ScenarioFacts): string[] {
  const shares = [mix.store, mix.recall, mix.search, mix.completion].join('/');
  return [
    name,
    rate_per_sec === null ? '-' : String(Math.round(rate_per_sec)),
    arrivals,
    shares,
    `${duration_s} s`,
    limitsText(limits),
  ];
}

function limitsText({ p99_ms, throughput_per_sec, error_rate }: ScenarioFacts['limits']): string {
  const texts = [
    p99_ms === null ? '' : `p99 <= ${p99_ms} ms`,
    throughput_per_sec === null ? '' : `${throughput_per_sec}/s`,
    error_rate === null ? '' : `errors <= ${Number((error_rate * 100).toPrecision(6))} %`,
  ].filter((text) => text !== '');
  return texts.length === 0 ? '-' : texts.join(', ');
}

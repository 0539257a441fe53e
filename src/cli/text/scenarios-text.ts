import { type Column, textTable } from '../../inspect/text-table.ts';
import { plannedRate } from '../../workload/arrivals/planned-rate.ts';
import type { ClientScenario } from '../../workload/clients/client-scenario.ts';
import type { FoundClients } from '../../workload/clients/find-load.ts';
import type { FoundScenario } from '../../workload/scenario/find-scenario.ts';
import type { OperationWeights, Scenario } from '../../workload/scenario/scenario.ts';
import { type LimitsSection, limitsSection, limitsText, percentText } from './limits-text.ts';

/** What a table of scenarios tells of one. */
export interface ScenarioFacts {
  name: string;
  /** Null where clients wait for their answers. */
  rate_per_sec: number | null;
  arrivals: string;
  /** Percent of the operations, by weight; null for clients of a build cache. */
  mix: { store: number; recall: number; search: number; completion: number } | null;
  /** Null where nobody waits for an answer. */
  clients: { count: number; requests: number; hit_rate: number; put_share: number } | null;
  duration_s: number;
  limits: LimitsSection;
  description: string;
}

/** What there is to tell of a scenario of either kind. */
export function loadFacts(name: string, found: FoundScenario | FoundClients): ScenarioFacts {
  return 'clients' in found ? clientFacts(name, found.clients) : scenarioFacts(name, found.scenario);
}

function scenarioFacts(name: string, scenario: Scenario): ScenarioFacts {
  const { arrival, durationNs, operations, limits, description } = scenario;
  return {
    name,
    rate_per_sec: plannedRate(arrival, durationNs) ?? null,
    arrivals: arrival.pattern,
    mix: mixOf(operations),
    clients: null,
    duration_s: durationNs / 1e9,
    limits: limitsSection(limits),
    description,
  };
}

function clientFacts(name: string, { load, limits, description }: ClientScenario): ScenarioFacts {
  const { clients: count, requests, hitRate: hit_rate, putShare: put_share, durationNs } = load;
  return {
    name,
    rate_per_sec: null,
    arrivals: 'closed loop',
    mix: null,
    clients: { count, requests, hit_rate, put_share },
    duration_s: durationNs / 1e9,
    limits: limitsSection(limits),
    description,
  };
}

function mixOf({
  store,
  recall,
  embeddingSearch,
  patternCompletion,
}: OperationWeights): NonNullable<ScenarioFacts['mix']> {
  const total = store + recall + embeddingSearch + patternCompletion;
  const share = (weight: number): number => Math.round((weight / total) * 1000) / 10;
  return {
    store: share(store),
    recall: share(recall),
    search: share(embeddingSearch),
    completion: share(patternCompletion),
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

function rowOf(facts: ScenarioFacts): string[] {
  const { name, rate_per_sec, arrivals, clients, duration_s, limits } = facts;
  return [
    name,
    rate_per_sec === null ? '-' : String(Math.round(rate_per_sec)),
    clients === null ? arrivals : `${clients.count} clients`,
    mixText(facts),
    `${duration_s} s`,
    limitsText(limits),
  ];
}

function mixText({ mix, clients }: ScenarioFacts): string {
  if (mix !== null) return [mix.store, mix.recall, mix.search, mix.completion].join('/');
  return clients === null
    ? '-'
    : `${percentText(clients.put_share)} put, the rest get: ${percentText(clients.hit_rate)} hit`;
}

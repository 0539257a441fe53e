import { nearnessLines } from '../nearness/distances-text.ts';
import type { TraceDistances } from '../nearness/trace-distances.ts';
import { linesText } from '../visible-text.ts';
import type { FittedClients } from './fit-clients.ts';
import type { FittedScenario } from './fit-scenario.ts';

const MOST_TRIED = 4;

/** What was learned of clients and how near it comes, for people. */
export function clientsText({ scenario, notes }: FittedClients, distances: TraceDistances): string {
  const { load, pace } = scenario;
  return linesText([
    `fit: ${load.clients === 1 ? '1 client that waits' : `${load.clients} clients that wait`} for answers, with pauses of ${pace.thinkText}; ${percent(load.hitRate)} of the lookups hit, ${percent(load.putShare)} of the operations store`,
    'how near their operations at the mean rate (b) come to the recording (a); when they come follows from the answers:',
    ...nearnessLines(distances).map((line) => `  ${line}`),
    ...notes.map((note) => `note: ${note}`),
  ]);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** What was learned and how near it comes, for people. */
export function fitText({ tried, notes }: FittedScenario, distances: TraceDistances): string {
  const best = tried[0]?.criterion ?? 0;
  const others = tried
    .slice(1)
    .map(({ model, criterion }) => ({ pattern: model.spec.pattern, behind: criterion - best }))
    .filter(({ pattern }, i, all) => all.findIndex((each) => each.pattern === pattern) === i)
    .slice(0, MOST_TRIED - 1)
    .map(({ pattern, behind }) => `${pattern} is ${behind.toFixed(0)} worse`);
  return linesText([
    `fit: arrivals are ${tried[0]?.model.spec.pattern}${others.length === 0 ? '' : ` by the Bayesian information criterion; ${others.join(', ')}`}`,
    'how near what the scenario makes (b) comes to the recording (a):',
    ...nearnessLines(distances).map((line) => `  ${line}`),
    ...notes.map((note) => `note: ${note}`),
  ]);
}

import { countText, durationText, numberText } from '../../inspect/number-text.ts';
import { type Column, textTable } from '../../inspect/text-table.ts';
import type { CheckEntry, ResultsDocument } from '../../results/document/results-document.ts';
import type { Suite } from '../../suite/suite.ts';
import {
  type LoadSection,
  loadSection,
  type SuiteDocument,
  type SuiteRunEntry,
} from '../../suite/suite-document.ts';
import { checkText } from './checks-text.ts';
import { limitsSection, limitsText } from './limits-text.ts';
import { provenPercentile } from './op-table-text.ts';

const right = (title: string): Column => ({ title, align: 'right' });

/** What a suite would run, and for how long at most. */
export function suitePlanTable({ runs }: Suite): string[] {
  const columns = [
    { title: 'run' },
    { title: 'load' },
    right('duration'),
    { title: 'limits' },
    right('then'),
  ];
  const rows = runs.map(({ name, load, coolDownNs }, i) => {
    const section = loadSection(load);
    const limits = 'scenario' in load ? load.scenario.limits : load.limits;
    const isPause = coolDownNs > 0 && i < runs.length - 1;
    const pause = !isPause ? '' : `${durationText(coolDownNs / 1e9)} of cool-down`;
    return [
      name,
      loadText(section),
      durationText(section.duration_secs),
      limitsText(limitsSection(limits)),
      pause,
    ];
  });
  return textTable(columns, rows);
}

/** `20 clients`, `15000/s`, or both. */
export function loadText({ clients, rate_per_sec: rate }: LoadSection): string {
  const parts = [
    ...(clients === null ? [] : [`${clients} ${clients === 1 ? 'client' : 'clients'}`]),
    ...(rate === null ? [] : [`${Number(rate.toPrecision(6))}/s`]),
  ];
  return parts.length === 0 ? '-' : parts.join(', ');
}

const COLUMNS: readonly Column[] = [
  { title: 'run' },
  { title: 'load' },
  ...['ops', 'errors', 'p50 ms', 'p95', 'p99', 'hit rate'].map(right),
  { title: 'verdict' },
  { title: 'limits' },
];

/** What the runs of a suite came to: a line each, and below what is to be said of them. */
export function suiteTable({ runs }: Pick<SuiteDocument, 'runs'>): string[] {
  return [...textTable(COLUMNS, runs.map(rowOf)), ...runs.flatMap(remarksOn)];
}

function rowOf({ name, load, status, results }: SuiteRunEntry): string[] {
  return [name, loadText(load), ...numbersOf(results), verdictText(status, results), checksText(results)];
}

function numbersOf(results: ResultsDocument | null): string[] {
  if (results === null) return ['-', '-', '-', '-', '-', '-'];
  const { operations, latency, cache } = results;
  const shares = (['p50', 'p95', 'p99'] as const).map((share) =>
    numberText(provenPercentile(latency.overall, share)),
  );
  const hitRate = cache.hit_rate_percent === null ? '-' : `${numberText(cache.hit_rate_percent)} %`;
  return [countText(operations.total), countText(operations.failed), ...shares, hitRate];
}

function verdictText(status: SuiteRunEntry['status'], results: ResultsDocument | null): string {
  if (status === 'not_run') return 'not run';
  return status === 'done' && results !== null ? results.fidelity.verdict : status;
}

function checksText(results: ResultsDocument | null): string {
  if (results === null || results.checks.length === 0) return '-';
  const { checks, fidelity } = results;
  if (fidelity.verdict === 'invalid') return 'not judged';
  const held = checks.filter(({ pass }) => pass).length;
  return `${held} of ${checks.length} held`;
}

/** Why a run failed, what takes from its verdict, and which limits it did not hold. */
function remarksOn({ name, error, results }: SuiteRunEntry): string[] {
  const failed =
    error === null ? [] : [`${name}: ${error.message}${error.hint === null ? '' : ` (${error.hint})`}`];
  if (results === null) return failed;
  const { verdict, reasons } = results.fidelity;
  const codes = [...new Set(reasons.map(({ code }) => code))].join(', ');
  const why = verdict === 'valid' ? [] : [`${name}: ${verdict} by ${codes}`];
  return [...failed, ...why, ...unmet(results).map((check) => `${name}: ${checkText(check)}`)];
}

function unmet({ checks, fidelity }: ResultsDocument): CheckEntry[] {
  return fidelity.verdict === 'invalid' ? [] : checks.filter(({ pass }) => !pass);
}

/** One line on a run that has ended. */
export function runEndText(entry: SuiteRunEntry): string {
  const [ops, errors, , , p99] = numbersOf(entry.results);
  const { name, status, results, error } = entry;
  if (results === null) return `${name}: ${status}: ${error?.message ?? ''}`;
  const tail = p99 === '-' ? '' : ` p99 ${p99} ms,`;
  return `${name}: ${ops} operations, ${errors} failed,${tail} ${verdictText(status, results)}, limits: ${checksText(results)}`;
}

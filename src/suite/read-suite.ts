import { dirname, resolve } from 'node:path';
import { parseToml } from '../parse-toml.ts';
import { readLimits } from '../workload/scenario/read-limits.ts';
import { TableReader } from '../workload/scenario/table-reader.ts';
import { readSuiteRun, type SuiteOverrides } from './read-suite-run.ts';
import type { Suite, SuiteRun } from './suite.ts';

/** Reads a suite; `file` names it in errors, which are of `usage`, and its folder is where scenarios are looked for. */
export function readSuite(text: string, file: string, overrides: SuiteOverrides = {}): Suite {
  const where = `suite ${file}`;
  const top = new TableReader(parseToml(text, where), where);
  refuseScenario(top);
  const name = top.text('name');
  const description = top.text('description', '');
  const coolDownNs = top.time('cool_down', { above: undefined, least: 0, otherwise: 0 });
  const seed = top.whole('seed', { least: 0, otherwise: 1 });
  const validation = top.table('validation');
  const limits = readLimits(validation);
  validation.refuseOthers({ hit_rate_tolerance: 'it is for the [runs.validation] of a run by clients' });
  const findIn = (named: string): string => (isPath(named) ? resolve(dirname(file), named) : named);
  const defaults = { coolDownNs, seed, limits, findIn };
  const runs = top.tables('runs').map((run) => readSuiteRun(run, defaults, overrides));
  top.refuseOthers({ limits: 'limits are in [validation]', run: 'each run is one [[runs]]' });
  refuseTwice(runs, top);
  return { name, description, runs };
}

function isPath(named: string): boolean {
  return /[/\\]|\.toml$/i.test(named);
}

function refuseScenario(top: TableReader): void {
  const isScenario = ['arrival', 'operations', 'clients'].some((key) => top.has(key));
  if (isScenario && !top.has('runs'))
    throw top.error('runs', 'is missing: this is a scenario', 'engram-trace run runs it');
}

function refuseTwice(runs: readonly SuiteRun[], top: TableReader): void {
  const names = runs.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice === undefined) return;
  throw top.error('runs', `has two runs of the name '${twice}'`, 'give each a name of its own: name = "…"');
}

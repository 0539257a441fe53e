import { EngramTraceError } from '../error.ts';
import { CACHE_LOAD, type CacheLoad, MOST_CLIENTS } from '../workload/clients/cache-load.ts';
import type { ClientPace } from '../workload/clients/client-pace.ts';
import {
  type ClientLimits,
  type ClientScenario,
  type ClientsLoad,
  clientPace,
  readClientLimits,
  thinkOf,
  USUAL_THINK,
} from '../workload/clients/client-scenario.ts';
import { closedLimits } from '../workload/clients/closed-scenario-load.ts';
import { findLoad } from '../workload/clients/find-load.ts';
import type { ScenarioClients } from '../workload/clients/scenario-script.ts';
import { MOST_PER_SEC } from '../workload/scenario/read-arrival.ts';
import { readLimits } from '../workload/scenario/read-limits.ts';
import type { Scenario, ScenarioLimits } from '../workload/scenario/scenario.ts';
import { scenarioNameOf } from '../workload/scenario/shipped-scenarios.ts';
import type { TableReader } from '../workload/scenario/table-reader.ts';
import { withOverrides } from '../workload/scenario/with-overrides.ts';
import type { ScenarioLoad, SuiteLoad, SuiteRun } from './suite.ts';

/** What a run takes from its suite where it says nothing of its own. */
export interface RunDefaults {
  readonly coolDownNs: number;
  readonly seed: number;
  readonly limits: ScenarioLimits;
  /** Where a scenario of this name is looked for. */
  findIn(named: string): string;
}

/** What whoever runs a suite wants otherwise for all its runs; it beats what they say. */
export interface SuiteOverrides {
  readonly durationNs?: number | undefined;
  readonly coolDownNs?: number | undefined;
  readonly seed?: number | undefined;
}

/** What there is beside the run itself. */
interface Around {
  readonly defaults: RunDefaults;
  readonly overrides: SuiteOverrides;
}

/** Clients as `run` without flags has them. */
const { seed: _, ...USUAL_LOAD } = CACHE_LOAD;
const USUAL: Omit<ClientScenario, 'name' | 'description'> = {
  load: USUAL_LOAD,
  pace: clientPace(USUAL_THINK, 0, 'think'),
  limits: {},
};

/** Reads one run of a suite: what it says beats the suite, and that beats its scenario. */
export function readSuiteRun(
  run: TableReader,
  defaults: RunDefaults,
  overrides: SuiteOverrides = {},
): SuiteRun {
  const named = run.has('scenario') ? run.text('scenario') : undefined;
  const found = named === undefined ? undefined : foundFor(run, defaults.findIn(named));
  const isOfClients = found === undefined || 'clients' in found;
  const around = { defaults, overrides };
  const load = isOfClients
    ? readClients(run, found?.clients ?? USUAL, around)
    : readScenarioLoad(run, { scenario: found.scenario, named: named ?? '' }, around);
  const usualName = named === undefined ? `${clientsOf(load)} clients` : scenarioNameOf(named);
  const coolDownNs = run.time('cool_down', { ...FROM_0, otherwise: defaults.coolDownNs / 1e9 });
  const read = {
    name: run.text('name', usualName),
    load,
    preloads: isOfClients ? false : run.flag('preload', true),
    coolDownNs: overrides.coolDownNs ?? coolDownNs,
  };
  run.refuseOthers({ ...HINTS, ...(isOfClients ? OF_CLIENTS : OF_SCENARIOS) });
  return read;
}

const FROM_0 = { above: undefined, least: 0 } as const;
const HINTS = { limits: 'limits are in [runs.validation]', rate: 'the rate is target_rate' };
const OF_CLIENTS = { preload: 'clients of a build cache store what they look for themselves' };
const OF_A_CACHE = 'it is for clients of a build cache, and the scenario of this run is of another kind';
const NO_CLIENTS = 'it is for clients that wait for their answers: clients = N';
const OF_SCENARIOS = {
  ...{ requests: NO_CLIENTS, think: NO_CLIENTS, ramp_up: NO_CLIENTS },
  ...{ hit_rate: OF_A_CACHE, put_share: OF_A_CACHE, artifacts: OF_A_CACHE, artifact_bytes: OF_A_CACHE },
};

function clientsOf(load: SuiteLoad): number {
  return 'load' in load ? load.load.clients : 0;
}

/** What is wrong with a scenario is told of the run that names it. */
function foundFor(run: TableReader, named: string): ReturnType<typeof findLoad> {
  try {
    return findLoad(named);
  } catch (thrown) {
    const { message, where, hint } = EngramTraceError.from(thrown, 'usage');
    throw run.error('scenario', `can't be run: ${where === undefined ? '' : `${where}: `}${message}`, hint);
  }
}

function readScenarioLoad(
  run: TableReader,
  { scenario, named }: Pick<ScenarioLoad, 'scenario' | 'named'>,
  around: Around,
): ScenarioLoad {
  const targetRate = run.optionalNumber('target_rate', { above: 0, most: MOST_PER_SEC });
  const durationNs = readDuration(run, around);
  const validation = run.table('validation');
  const own = readLimits(validation);
  validation.refuseOthers({ hit_rate_tolerance: OF_A_CACHE });
  const limited = { ...scenario, limits: merged(scenario.limits, around.defaults.limits) };
  const overridden = overriddenFor(run, limited, { targetRate, durationNs });
  const clients = run.has('clients') ? readScenarioClients(run, overridden.durationNs) : undefined;
  const beneath = clients === undefined ? overridden.limits : closedLimits(overridden.limits);
  return {
    scenario: { ...overridden, limits: merged(beneath, own) },
    seed: readSeed(run, around),
    named,
    clients,
  };
}

function readScenarioClients(run: TableReader, durationNs: number): ScenarioClients {
  if (run.has('target_rate'))
    throw run.error('target_rate', 'is for operations with due times, and clients wait for their answers');
  const clients = run.whole('clients', { least: 1, most: MOST_CLIENTS });
  const requests = run.wholeOrInf('requests', { least: 1, otherwise: Infinity });
  return { clients, requests, pace: readPace(run, { durationNs, requests }, USUAL) };
}

function overriddenFor(
  run: TableReader,
  scenario: Scenario,
  overrides: Parameters<typeof withOverrides>[1],
): Scenario {
  try {
    return withOverrides(scenario, overrides);
  } catch (thrown) {
    const { message, hint } = EngramTraceError.from(thrown, 'usage');
    throw run.error('target_rate', `can't be: ${message}`, hint?.replace('--target-rate', 'target_rate'));
  }
}

function readClients(
  run: TableReader,
  { load, limits, ...usual }: typeof USUAL,
  around: Around,
): ClientsLoad {
  const count = (key: string, otherwise: number, most = Number.MAX_SAFE_INTEGER): number =>
    run.whole(key, { least: 1, most, otherwise });
  const share = (key: string, otherwise: number): number => run.number(key, { least: 0, most: 1, otherwise });
  const ratePerSec = run.optionalNumber('target_rate', { above: 0, most: MOST_PER_SEC });
  const isPaced = ratePerSec === undefined;
  const read = {
    clients: count('clients', load.clients, MOST_CLIENTS),
    durationNs: readDuration(run, around) ?? load.durationNs,
    // A rate sends as many as there is time for.
    requests: run.wholeOrInf('requests', { least: 1, otherwise: isPaced ? load.requests : Infinity }),
    hitRate: share('hit_rate', load.hitRate),
    putShare: share('put_share', load.putShare),
    artifacts: count('artifacts', load.artifacts),
    artifactBytes: count('artifact_bytes', load.artifactBytes, MOST_ARTIFACT_BYTES),
    seed: readSeed(run, around),
  };
  return {
    load: read,
    pace: isPaced ? readPace(run, read, usual) : { ratePerSec: unpaced(run, ratePerSec) },
    limits: merged(merged(limits, around.defaults.limits), readClientLimits(run.table('validation'))),
  };
}

/** One artifact is one buffer. */
const MOST_ARTIFACT_BYTES = 2 ** 30;

function readPace(
  run: TableReader,
  load: Pick<CacheLoad, 'durationNs' | 'requests'>,
  usual: Pick<ClientScenario, 'pace' | 'isSpread'>,
): ClientPace {
  const think = run.text('think', thinkOf(usual));
  const rampUpNs = run.time('ramp_up', { ...FROM_0, otherwise: usual.pace.rampUpNs / 1e9 });
  try {
    return clientPace(think, rampUpNs, 'think', load);
  } catch (thrown) {
    const { message, hint } = EngramTraceError.from(thrown);
    throw run.error('think', `is no pause: ${message}`, hint);
  }
}

function unpaced(run: TableReader, ratePerSec: number): number {
  const key = ['think', 'ramp_up'].find((each) => run.has(each));
  if (key === undefined) return ratePerSec;
  throw run.error(key, 'is for clients that wait for their answers', 'leave it out, or target_rate');
}

function readDuration(run: TableReader, { overrides }: Around): number | undefined {
  const own = run.has('duration') ? run.time('duration') : undefined;
  return overrides.durationNs ?? own;
}

function readSeed(run: TableReader, { defaults, overrides }: Around): number {
  const own = run.whole('seed', { least: 0, otherwise: defaults.seed });
  return overrides.seed ?? own;
}

/** The limits of one, and of the other where that has any. */
function merged(beneath: ClientLimits, above: ClientLimits): ClientLimits {
  const given = Object.entries(above).filter(([, limit]) => limit !== undefined);
  return { ...beneath, ...Object.fromEntries(given) };
}

import type { Command } from 'commander';
import type { LoadUnit, SearchedSection } from '../../capacity/capacity-document.ts';
import { EngramTraceError } from '../../error.ts';
import { clientsRun, scenarioClientsRun } from '../../library/load-run.ts';
import { MOST_UPSCALE } from '../../replay/replay-options.ts';
import type { Trace } from '../../trace/trace.ts';
import { plannedRate } from '../../workload/arrivals/planned-rate.ts';
import { CACHE_LOAD } from '../../workload/clients/cache-load.ts';
import { type ClientScenario, clientPace, USUAL_THINK } from '../../workload/clients/client-scenario.ts';
import { findLoad } from '../../workload/clients/find-load.ts';
import type { Scenario } from '../../workload/scenario/scenario.ts';
import { withOverrides } from '../../workload/scenario/with-overrides.ts';
import type { CapacityFlags } from '../flags/capacity-flags.ts';
import { targetFlagsOf } from '../flags/target-flags.ts';
import { openInput } from '../input/open-input.ts';
import { openWorkloadHere } from '../input/open-scenario.ts';
import { resolveTrace } from '../input/resolve-trace.ts';
import type { PlannedRun } from './planned-runs.ts';
import { runByFlags } from './replay.ts';
import { AS_IT_IS, type PreloadFlags, scenarioParts } from './run-scenario.ts';

/** What is made heavier and lighter, and how. */
export interface CapacityLoads extends Pick<SearchedSection, 'source' | 'name' | 'by'> {
  readonly unit: LoadUnit;
  /** What tells it from any other, for the digest. */
  readonly identity: unknown;
  /** The first load, where nobody says otherwise. */
  readonly from: number;
  readonly least: number;
  readonly most: number;
  /** Undefined: to the end of the trace. */
  readonly durationNs: number | undefined;
  /** A run at a load; only the first stores what a scenario wants stored. */
  at(load: number, isFirst: boolean): Promise<PlannedRun>;
  /** Clients wait for their answers, and have no times to keep. */
  readonly canCalibrate: boolean;
  close(): Promise<void>;
}

/** The flags of `capacity` with all that is stored before. */
export type CapacityRunFlags = CapacityFlags & PreloadFlags;

const PROBE_NS = 30e9;
/** The lowest load is this part of the first one. */
export const LEAST_SHARE = 1e-3;
/** A rate where a scenario has none of its own. */
const USUAL_RATE = 1000;

/** What the flags name: a scenario, clients, or a trace. Throws `usage`. */
export async function capacityLoads(flags: CapacityRunFlags, command: Command): Promise<CapacityLoads> {
  const { scenario: named, clients = false, by } = flags;
  if (named !== undefined && flags.trace !== undefined)
    throw new EngramTraceError('usage', 'a scenario and a trace are named, and one is searched');
  if (clients && flags.trace !== undefined)
    throw new EngramTraceError('usage', '--clients is for a scenario, or for clients of a build cache');
  if ((named !== undefined || clients) && by !== undefined)
    throw new EngramTraceError('usage', '--by is for a trace');
  if (!clients && flags.think !== undefined) throw new EngramTraceError('usage', '--think is for --clients');
  if (named === undefined)
    return clients ? cacheLoads(undefined, flags, command) : traceLoads(flags, command);
  const found = findLoad(named);
  if ('clients' in found) return cacheLoads(found.clients, flags, command);
  const load = { scenario: found.scenario, named };
  return clients ? clientLoads(load, flags, command) : rateLoads(load, flags, command);
}

interface NamedScenario {
  readonly scenario: Scenario;
  readonly named: string;
}

function rateLoads({ scenario }: NamedScenario, flags: CapacityRunFlags, command: Command): CapacityLoads {
  const { seed, probeDuration: durationNs = PROBE_NS } = flags;
  const from = plannedRate(scenario.arrival, scenario.durationNs) ?? USUAL_RATE;
  return {
    ...{ source: 'scenario', name: scenario.name, by: 'rate', unit: 'operations a second' },
    ...{ identity: scenario, durationNs, canCalibrate: true },
    ...{ from, least: from * LEAST_SHARE, most: Infinity },
    at: async (load, isFirst) => {
      const seeded = { scenario: atRate(scenario, load, durationNs), seed };
      const { prepare, more, before } = await scenarioParts(seeded, flags, command);
      const { connections = 'pooled' } = flags;
      const given = { ...runFlagsOf(flags), connections, prepare: prepare && isFirst };
      const { run } = await madeReady(given, command, openWorkloadHere(seeded), more);
      return { run, before: isFirst ? before : undefined };
    },
    close: async () => {},
  };
}

/** Arrivals that have one rate keep their pattern; others are even, as `run --target-rate` has them. */
function atRate(scenario: Scenario, rate: number, durationNs: number): Scenario {
  const even = withOverrides(scenario, { targetRate: rate, durationNs });
  const { arrival } = scenario;
  return 'rate' in arrival ? { ...even, arrival: { ...arrival, rate } } : even;
}

function clientLoads(
  { scenario, named }: NamedScenario,
  flags: CapacityRunFlags,
  command: Command,
): CapacityLoads {
  const { seed, senders, think = USUAL_THINK, probeDuration: durationNs = PROBE_NS } = flags;
  const timed = withOverrides(scenario, { durationNs });
  const pace = clientPace(think, 0, '--think', { durationNs });
  return {
    ...{ source: 'scenario', name: scenario.name, by: 'clients', unit: 'clients' },
    ...{ identity: { scenario, think }, durationNs, canCalibrate: false },
    ...{ from: CACHE_LOAD.clients, least: 1, most: Infinity },
    at: async (clients, isFirst) => {
      const seeded = { scenario: timed, seed };
      const { prepare, more, before } = await scenarioParts(seeded, flags, command);
      const play = { senders, targetFlags: targetFlagsOf(command, flags) };
      const closed = scenarioClientsRun(seeded, { clients, requests: Infinity, pace }, named, play);
      const { connections = 'recorded' } = flags;
      const given = { ...runFlagsOf(flags), connections, prepare: prepare && isFirst };
      const { run } = await madeReady(given, command, closed.trace, { ...more, ...closed });
      return { run, before: isFirst ? before : undefined };
    },
    close: async () => {},
  };
}

function cacheLoads(
  found: ClientScenario | undefined,
  flags: CapacityRunFlags,
  command: Command,
): CapacityLoads {
  const { seed, senders, endpoint, probeDuration: durationNs = PROBE_NS } = flags;
  const load = { ...CACHE_LOAD, ...found?.load, durationNs, requests: Infinity, seed };
  const think = flags.think ?? (found?.isSpread ? USUAL_THINK : found?.pace.thinkText) ?? USUAL_THINK;
  const pace = clientPace(think, 0, '--think', load);
  return {
    ...{ source: 'cache clients', name: found?.name ?? 'clients of a build cache', by: 'clients' },
    ...{
      unit: 'clients',
      identity: { load: { ...load, clients: 0 }, think },
      durationNs,
      canCalibrate: false,
    },
    ...{ from: load.clients, least: 1, most: Infinity },
    at: async (clients) => {
      const targetFlags = targetFlagsOf(command, { endpoint });
      const more = clientsRun({ load: { ...load, clients }, pace, limits: {} }, { senders, targetFlags });
      const { connections = 'recorded' } = flags;
      const given = { ...runFlagsOf(flags), connections, prepare: false };
      return { ...(await madeReady(given, command, more.trace, more)), before: undefined };
    },
    close: async () => {},
  };
}

async function traceLoads(flags: CapacityRunFlags, command: Command): Promise<CapacityLoads> {
  const given = await resolveTrace(undefined, runFlagsOf(flags));
  if (given.trace === '-')
    throw new EngramTraceError('usage', 'a pipe can be read once, and a trace is played several times', {
      hint: 'write the trace to a file',
    });
  const trace = await openInput(given.trace);
  const { by = 'multiplier', probeDuration: duration } = flags;
  const isWhole = by === 'copies';
  return {
    ...{ source: 'trace', name: trace.name, by, unit: isWhole ? 'copies' : 'x' },
    ...{ identity: identityOf(trace), durationNs: duration, canCalibrate: true },
    ...{ from: 1, least: by === 'multiplier' ? LEAST_SHARE : 1, most: by === 'upscale' ? MOST_UPSCALE : 1e6 },
    at: async (load) => {
      const heavier = by === 'multiplier' ? { rateMultiplier: load } : { [by]: load };
      const at = { ...given, ...heavier, prepare: false, ...(duration === undefined ? {} : { duration }) };
      return { ...(await madeReady(at, command, trace, {})), before: undefined };
    },
    close: () => trace.close(),
  };
}

function identityOf({ name, hints: { records }, header: { epochUnixNs } }: Trace): unknown {
  return { name, records, epoch: String(epochUnixNs) };
}

/** The flags of a search as those of one run. */
function runFlagsOf(flags: CapacityRunFlags) {
  const { from: _, keep: _to, ...others } = flags;
  return { ...others, ...AS_IT_IS, behind: 'catch-up' as const, quiet: true };
}

/** Throws `usage` where a target is missing. */
async function madeReady(...given: Parameters<typeof runByFlags>): Promise<Pick<PlannedRun, 'run'>> {
  const { run, refuse } = await runByFlags(...given);
  refuse();
  return { run };
}

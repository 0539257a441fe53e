import { EngramTraceError } from '../../error.ts';
import { isTomlTable, parseToml } from '../../parse-toml.ts';
import { parseTimeDistribution } from '../../time-distribution.ts';
import { readLimits } from '../scenario/read-limits.ts';
import type { ScenarioLimits } from '../scenario/scenario.ts';
import { TableReader } from '../scenario/table-reader.ts';
import { CACHE_LOAD, type CacheLoad, MOST_CLIENTS } from './cache-load.ts';
import type { ClientPace } from './client-pace.ts';

/** What a run of clients has to hold. */
export interface ClientLimits extends ScenarioLimits {
  /** By how much the share of hits may differ from the one asked for, 0 to 1. */
  readonly hitRateTolerance?: number | undefined;
}

/** A load by clients of a build cache that wait for their answers: what a scenario file with `[clients]` says. */
export interface ClientScenario {
  readonly name: string;
  readonly description: string;
  /** The seed is given with the run. */
  readonly load: Omit<CacheLoad, 'seed'>;
  readonly pace: ClientPace;
  readonly limits: ClientLimits;
}

/** The pause of a client where nobody says otherwise. */
export const USUAL_THINK = '10ms';

/** How clients take their time. Throws `usage` for what is no time; `what` names the option. */
export function clientPace(think: string, rampUpNs: number, what: string): ClientPace {
  return { think: parseTimeDistribution(think, what), thinkText: think, rampUpNs };
}

/** Says whether a text is that of a scenario of clients. */
export function isOfClients(text: string, file: string): boolean {
  const top = parseToml(text, `scenario ${file}`);
  return isTomlTable(top['clients']) && top['operations'] === undefined && top['arrival'] === undefined;
}

/** Reads a scenario of clients; `file` names it in errors, which are of `usage`. */
export function readClientScenario(text: string, file: string): ClientScenario {
  const where = `scenario ${file}`;
  const top = new TableReader(parseToml(text, where), where);
  const name = top.text('name');
  const description = top.text('description', '');
  const durationNs = readDuration(top);
  const clients = top.table('clients');
  const scenario = {
    name,
    description,
    load: { durationNs, ...readLoad(clients) },
    pace: readPace(clients, where),
    limits: readClientLimits(top.table('validation')),
  };
  clients.refuseOthers({
    clients: 'how many clients there are is count',
    duration: 'it is [duration] total_seconds',
  });
  top.refuseOthers();
  return scenario;
}

function readDuration(top: TableReader): number {
  if (!top.has('duration')) return CACHE_LOAD.durationNs;
  const duration = top.table('duration');
  const durationNs = duration.seconds('total_seconds');
  duration.refuseOthers();
  return durationNs;
}

function readLoad(clients: TableReader): Omit<CacheLoad, 'seed' | 'durationNs'> {
  const whole = (key: string, most: number, otherwise: number): number =>
    clients.whole(key, { least: 1, most, otherwise });
  const share = (key: string, otherwise: number): number =>
    clients.number(key, { least: 0, most: 1, otherwise });
  return {
    clients: clients.whole('count', { least: 1, most: MOST_CLIENTS }),
    requests: whole('requests', Number.MAX_SAFE_INTEGER, CACHE_LOAD.requests),
    hitRate: share('hit_rate', CACHE_LOAD.hitRate),
    putShare: share('put_share', CACHE_LOAD.putShare),
    artifacts: whole('artifacts', Number.MAX_SAFE_INTEGER, CACHE_LOAD.artifacts),
    artifactBytes: whole('artifact_bytes', MOST_ARTIFACT_BYTES, CACHE_LOAD.artifactBytes),
  };
}

/** One artifact is one buffer. */
const MOST_ARTIFACT_BYTES = 2 ** 30;

function readPace(clients: TableReader, where: string): ClientPace {
  const think = clients.text('think', USUAL_THINK);
  const rampUpNs = clients.seconds('ramp_up_sec', { above: undefined, least: 0, otherwise: 0 });
  try {
    return clientPace(think, rampUpNs, 'clients.think');
  } catch (thrown) {
    const { message, hint } = EngramTraceError.from(thrown);
    throw new EngramTraceError('usage', message, { where, hint, cause: thrown });
  }
}

/** Reads what a run of clients has to hold. */
export function readClientLimits(validation: TableReader): ClientLimits {
  const limits = {
    ...readLimits(validation),
    hitRateTolerance: validation.optionalNumber('hit_rate_tolerance', { least: 0, most: 1 }),
  };
  validation.refuseOthers({
    hit_rate:
      'the share that is asked for is clients.hit_rate; hit_rate_tolerance is by how much it may be off',
  });
  return limits;
}

import { EngramTraceError } from '../../error.ts';
import { isTomlTable, parseToml } from '../../parse-toml.ts';
import { parseTimeDistribution } from '../../time-distribution.ts';
import { readLimits } from '../scenario/read-limits.ts';
import type { ScenarioLimits } from '../scenario/scenario.ts';
import { TableReader } from '../scenario/table-reader.ts';
import { CACHE_LOAD, type CacheLoad, MOST_ARTIFACT_BYTES, MOST_CLIENTS } from './cache-load.ts';
import type { ClientPace } from './client-pace.ts';

/** What a run of clients has to hold. */
export interface ClientLimits extends ScenarioLimits {
  /** By how much the share of hits may differ from the one asked for, 0 to 1. */
  readonly hitRateTolerance?: number | undefined;
}

/** Clients of a build cache as they are run: at their own pace, or their traffic at a rate of its own. */
export interface ClientsLoad {
  readonly load: CacheLoad;
  readonly pace: ClientPace | { readonly ratePerSec: number };
  readonly limits: ClientLimits;
}

/** A load by clients of a build cache that wait for their answers: what a scenario file with `[clients]` says. */
export interface ClientScenario {
  readonly name: string;
  readonly description: string;
  /** The seed is given with the run. */
  readonly load: Omit<CacheLoad, 'seed'>;
  readonly pace: ClientPace;
  /** Its pauses are such that its operations fill its time, also where a run has others of either. */
  readonly isSpread?: boolean | undefined;
  readonly limits: ClientLimits;
}

/** The pause of a client where nobody says otherwise. */
export const USUAL_THINK = '10ms';

/** The pause by which the operations of a client fill its time. */
const SPREAD = 'spread';

/**
 * How clients take their time: a pause as `--think` takes it, or `spread`, by which the operations of each client fill
 * its time. Throws `usage` for what is no time; `what` names the option.
 */
export function clientPace(
  think: string,
  rampUpNs: number,
  what: string,
  load: Partial<Pick<CacheLoad, 'durationNs' | 'requests'>> = {},
): ClientPace {
  const thinkText = think === SPREAD ? spreadText(load, what) : think;
  return { think: parseTimeDistribution(thinkText, what), thinkText, rampUpNs };
}

/** The pause of a scenario as it is written. */
export function thinkOf({ pace, isSpread }: Pick<ClientScenario, 'pace' | 'isSpread'>): string {
  return isSpread ? SPREAD : pace.thinkText;
}

/** Of different lengths: clients that begin together do not go on in step. */
function spreadText(
  { durationNs, requests = Infinity }: Partial<Pick<CacheLoad, 'durationNs' | 'requests'>>,
  what: string,
): string {
  if (durationNs === undefined || !Number.isFinite(requests))
    throw new EngramTraceError('usage', `${what}: ${SPREAD} needs a number of requests to spread`);
  const meanMs = durationNs / requests / 1e6;
  const text = (ms: number): string => String(Number(ms.toFixed(6)));
  return `uniform:${text(meanMs / 2)}ms,${text(meanMs * 1.5)}ms`;
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
  const load = { durationNs, ...readLoad(clients) };
  const scenario = {
    name,
    description,
    load,
    ...readPace(clients, load, where),
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
    requests: clients.wholeOrInf('requests', { least: 1, otherwise: CACHE_LOAD.requests }),
    hitRate: share('hit_rate', CACHE_LOAD.hitRate),
    putShare: share('put_share', CACHE_LOAD.putShare),
    artifacts: whole('artifacts', Number.MAX_SAFE_INTEGER, CACHE_LOAD.artifacts),
    artifactBytes: whole('artifact_bytes', MOST_ARTIFACT_BYTES, CACHE_LOAD.artifactBytes),
  };
}

function readPace(
  clients: TableReader,
  load: Omit<CacheLoad, 'seed'>,
  where: string,
): Pick<ClientScenario, 'pace' | 'isSpread'> {
  const think = clients.text('think', USUAL_THINK);
  const rampUpNs = clients.seconds('ramp_up_sec', { above: undefined, least: 0, otherwise: 0 });
  try {
    const pace = clientPace(think, rampUpNs, 'clients.think', load);
    return think === SPREAD ? { pace, isSpread: true } : { pace };
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

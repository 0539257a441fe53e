import { EngramTraceError } from '../error.ts';
import { CACHE_LOAD } from '../workload/clients/cache-load.ts';
import { type ClientScenario, clientPace, USUAL_THINK } from '../workload/clients/client-scenario.ts';
import type { RecordedLoad } from './recorded-load.ts';

/** Clients that were learned from the recording of a build cache. */
export interface FittedClients {
  readonly scenario: ClientScenario;
  /** Sentences about what is not as recorded. */
  readonly notes: readonly string[];
}

const FEWEST_RECORDS = 20;
const DIGITS = 4;

/**
 * Learns clients that wait for their answers: as many as there are sessions at one time, with their pauses, the share of
 * their lookups that hit, the share of operations that store, and the mean size of what is stored. Throws `empty` where
 * there is too little to learn from, `unsupported` where nothing looks anything up.
 */
export function fitClients(name: string, load: RecordedLoad): FittedClients {
  const { cache, pauses, measures } = load;
  const known = cache.lookups + cache.stores;
  if (measures.records < FEWEST_RECORDS)
    throw new EngramTraceError('empty', `${measures.records} records are too few to learn clients from`, {
      where: name,
    });
  if (cache.lookups === 0)
    throw new EngramTraceError('unsupported', 'nothing of it looks an artifact up', {
      where: name,
      hint: 'clients of a build cache have the ops get, has and put',
    });
  const count = Math.max(1, Math.round(pauses.sessionsAtOnce));
  const scenario: ClientScenario = {
    name,
    description: 'learned from a recording',
    load: {
      // Not the window: at its ends there may be nobody.
      durationNs: Math.max(1, pauses.spanNs),
      clients: count,
      requests: Infinity,
      hitRate: rounded(cache.hitRate ?? CACHE_LOAD.hitRate),
      putShare: rounded(cache.stores / known),
      artifacts: Math.max(1, cache.artifacts),
      artifactBytes: Math.max(1, Math.round(cache.meanBytes ?? CACHE_LOAD.artifactBytes)),
    },
    pace: clientPace(pauses.think ?? USUAL_THINK, 0, 'think'),
    limits: {},
  };
  return { scenario, notes: notesOf(load, known, count) };
}

function rounded(share: number): number {
  return Number(share.toPrecision(DIGITS));
}

function notesOf({ cache, pauses, measures }: RecordedLoad, known: number, count: number): string[] {
  const share = (100 * (1 - known / measures.records)).toFixed(1);
  return [
    `${pauses.sessions} sessions were there, ${count} at one time`,
    ...(known < measures.records ? [`${share} % of the operations neither look up nor store`] : []),
    ...(cache.hitRate === undefined
      ? [`no answer tells whether a lookup hit: hit_rate is ${CACHE_LOAD.hitRate}`]
      : []),
    ...(cache.stores === 0 ? ['nothing was stored: sizes of artifacts are as usual'] : []),
    ...(pauses.think === undefined
      ? [`no operation followed on an answer: clients pause for ${USUAL_THINK}`]
      : []),
    ...(pauses.lacksDurations
      ? ['not all answers have a duration: pauses are longer by what they took']
      : []),
    'clients ask for what they stored themselves, each artifact alike: which were asked for most is not learned',
  ];
}

import type { ClientScript } from '../../replay/plan/client-loop.ts';
import { type CacheLoad, cacheClients } from './cache-load.ts';
import { type ClientPace, clientSession, createPauses } from './client-pace.ts';

/** What the clients of a build cache are made from. */
export interface CacheScriptData {
  readonly load: CacheLoad;
  readonly pace: ClientPace;
}

/** What clients of a build cache do after their first operation, which the trace of the run has. */
export async function openCacheScript(
  { load, pace }: CacheScriptData,
  isMine: (session: string) => boolean,
): Promise<ClientScript> {
  const { clients, prepare } = cacheClients(load);
  const own = [...clients.keys()].filter((client) => isMine(clientSession(client)));
  await prepare(own, 1);
  for (const client of own) clients[client]?.skipFirst();
  const pauseNs = createPauses(load.seed, pace);
  return {
    durationNs: load.durationNs,
    next: (number, { record, outcome }) => {
      const client = clients[number];
      if (client === undefined) return undefined;
      client.answered(record, outcome?.ok === true);
      const { operations } = client;
      if (operations >= load.requests) return undefined;
      return { record: client.next(), pauseNs: pauseNs(number, operations) };
    },
  };
}

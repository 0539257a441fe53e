import type { TraceRecord } from '../../trace/record/record.ts';
import type { Trace } from '../../trace/trace.ts';
import { arrivalTimes } from '../arrivals/arrival-times.ts';
import { type CacheLoad, cacheClients, checkCacheLoad, madeTrace } from './cache-load.ts';

/**
 * The same traffic at a rate of its own, whatever the server does: arrivals of a Poisson process, the clients by turns.
 * What a client stores counts as stored.
 */
export function openCacheLoad(load: CacheLoad, ratePerSec: number): Trace {
  checkCacheLoad(load);
  const { durationNs, requests, clients: count } = load;
  const most = requests * count;
  async function* records(): AsyncGenerator<TraceRecord[]> {
    const { clients, prepare } = cacheClients(load);
    await prepare();
    let made = 0;
    const arrivals = arrivalTimes({ pattern: 'poisson', rate: ratePerSec }, load.seed, durationNs);
    for (const starts of arrivals) {
      const batch: TraceRecord[] = [];
      for (const startNs of starts) {
        if (made >= most) break;
        const client = clients[made++ % count];
        if (client === undefined) break;
        const record = { ...client.next(), startNs };
        batch.push(record);
        client.answered(record, true);
      }
      if (batch.length > 0) yield batch;
      if (made >= most) return;
    }
  }
  const planned = Math.min(most, Math.round((ratePerSec * durationNs) / 1e9));
  const hints = {
    sessions: Math.min(count, planned),
    ratePerSec,
    firstStartNs: 0,
    lastStartNs: Math.round((planned / ratePerSec) * 1e9),
  };
  return madeTrace('scenario', hints, records);
}

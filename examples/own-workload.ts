// A load of your own: a generator of records, played like any trace. Here a server is asked ever faster, from 100
// to 1,000 times a second within a second. Run: node own-workload.ts http://localhost:7432
import { emptyHeader, emptyRecord, runReplay, type TraceRecord, type Workload } from 'engram-trace';

const [target = 'http://localhost:7432'] = process.argv.slice(2);

/** Batches of records in the order of their starts, the same ones each time. */
async function* records(): AsyncGenerator<TraceRecord[]> {
  for (let step = 0; step < 10; step++) {
    const count = 10 * (step + 1);
    yield Array.from({ length: count }, (_, i) => ({
      ...emptyRecord(),
      startNs: Math.round((step + i / count) * 1e8),
      session: `session-${i % 5}`,
      op: 'health',
      method: 'GET',
      path: '/health',
    }));
  }
}

const workload: Workload = { header: { ...emptyHeader(), dialect: 'generic' }, records };
const document = await runReplay(workload, target);
const { total, failed } = document.operations;
console.log(`${total} sent, ${failed} failed, p50 ${document.latency.overall.p50} ms`);

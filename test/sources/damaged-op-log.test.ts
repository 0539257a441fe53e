import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

/** Exports an op log of two runs that often, each time with other damage; counts what became of it. */
async function damageMany(kind: 'cut' | 'flip', times: number): Promise<Map<string, number>> {
  const worker = new Worker(new URL('./damage-worker.js', import.meta.url), { workerData: { kind, times } });
  const [counts] = (await once(worker, 'message')) as [Map<string, number>];
  return counts;
}

/** A tenth of it takes seconds; `ENGRAM_TRACE_TEST_FULL=1` does 1,000 cuts and 4,000 flips. */
const SHARE = process.env['ENGRAM_TRACE_TEST_FULL'] ? 1 : 0.1;

test('an op log that is cut off anywhere loses nothing in silence', async () => {
  const counts = await damageMany('cut', 1000 * SHARE);
  assert.ok((counts.get('told') ?? 0) > 100 * SHARE, JSON.stringify([...counts]));
});

test('a bit that flips anywhere in an op log changes no record and loses none in silence', async () => {
  const counts = await damageMany('flip', 4000 * SHARE);
  assert.ok((counts.get('refused') ?? 0) > 500 * SHARE, JSON.stringify([...counts]));
});

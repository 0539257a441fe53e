import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { MS, makeRecord } from '../results/support.ts';
import { withFolder } from '../support/folders.ts';
import { run, startServer, writeTrace } from './replay-support.ts';

const LOOKUPS = [
  ['HEAD', 'has', '/cache/'],
  ['GET', 'get', '/cache/'],
  ['GET', 'get_layer', '/cache/layer/'],
] as const;

/** Every second key is not there; recorded as it was before misses were told from failures. */
const records = Array.from({ length: 30 }, (_, i) => {
  const [method, op, path] = LOOKUPS[i % 3] as (typeof LOOKUPS)[number];
  const isMiss = i % 2 === 1;
  const key = `${isMiss ? 'dead' : 'beef'}${String(i).padStart(12, '0')}`;
  const outcome = { ...makeRecord().outcome, status: isMiss ? 404 : 200, ok: !isMiss };
  return makeRecord({ startNs: i * 5 * MS, session: `s${i % 4}`, method, op, path: path + key, outcome });
});

describe('misses of a build cache', () => {
  it('are no failures: not in a replay by several threads, nor in inspect, nor in filter', () =>
    withFolder(async (folder) => {
      const [log, results] = [join(folder, 'replay.log'), join(folder, 'results.json')];
      const trace = await writeTrace(join(folder, 'cache.ndjson'), records, { dialect: 'memobuild' });
      const server = await startServer(({ url = '' }, response) => {
        response.writeHead(url.includes('dead') ? 404 : 200).end();
      });
      try {
        const files = ['--output', results, '--replay-log', log];
        const target = ['--endpoint', server.url, '--senders', '2'];
        const { stderr } = await run(['replay', '--trace', trace, ...target, ...files]);
        assert.match(stderr, /sent 30 of 30 operations.* 0 failed/);
      } finally {
        await server.close();
      }
      const document = JSON.parse(readFileSync(results, 'utf8'));
      const { ops: _, ...operations } = document.operations;
      assert.deepEqual(operations, { total: 30, successful: 30, failed: 0, cancelled: 0 });
      assert.deepEqual([document.summary.error_rate, document.errors], [0, []]);
      assert.deepEqual(document.cache, { hits: 15, misses: 15, hit_rate_percent: 50 });
      assert.equal(document.status_classes.overall.mismatches, 0);
      const { checks, logDamage } = await verifyReplay(log, document);
      assert.deepEqual([...logDamage, ...checks.filter(({ agrees }) => !agrees)], []);

      const [inspected, kept] = await Promise.all([
        run(['inspect', trace, '--json']),
        run(['filter', trace, '--failed', '--op', 'get', '--format', 'ndjson']),
      ]);
      const ops: { failed: number }[] = JSON.parse(inspected.stdout).ops;
      assert.deepEqual(
        ops.map(({ failed }) => failed),
        [0, 0, 0],
      );
      assert.match(kept.stderr, /kept 0 of 30 records/);
    }));
});

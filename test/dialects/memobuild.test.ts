import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memobuildDialect } from '../../src/dialects/memobuild.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { translateRecords } from '../../src/transforms/translate-records.ts';
import { makeRecord } from '../results/support.ts';

const HASH = '0123456789abcdef';

const op = (method: string, path: string): string =>
  memobuildDialect.describe({ protocol: 'http', method, path, headers: [], body: new Uint8Array() }).op;

test('memobuild names artifacts, layers, and the layers of a node', () => {
  const rows: [string, string, string][] = [
    ['HEAD', `/cache/${HASH}`, 'has'],
    ['GET', `/cache/${HASH}?x`, 'get'],
    ['PUT', `/cache/${HASH}/`, 'put'],
    ['GET', `http://cache.test/cache/${HASH}`, 'get'],
    ['HEAD', `/cache/layer/${HASH}`, 'has_layer'],
    ['GET', `/cache/layer/${HASH}`, 'get_layer'],
    ['PUT', `/cache/layer/${HASH}`, 'put_layer'],
    ['GET', `/cache/node/${HASH}/layers`, 'get_node_layers'],
    ['POST', `/cache/node/${HASH}/layers`, 'register_node_layers'],
  ];
  for (const [method, path, expected] of rows) assert.equal(op(method, path), expected, `${method} ${path}`);
});

test('memobuild leaves everything else to the generic rules', () => {
  const rows: [string, string, string][] = [
    ['DELETE', `/cache/${HASH}`, 'DELETE /cache/:id'],
    ['POST', `/cache/layer/${HASH}`, 'POST /cache/layer/:id'],
    ['GET', `/cache/node/${HASH}`, 'GET /cache/node/:id'],
    ['GET', `/cache/layer/${HASH}/more`, 'GET /cache/layer/:id/more'],
    ['GET', '/cache', 'GET /cache'],
    ['GET', '/stats', 'GET /stats'],
  ];
  for (const [method, path, expected] of rows) assert.equal(op(method, path), expected, `${method} ${path}`);
});

test('memobuild knows what writes', () => {
  const record = { op: 'put', protocol: 'http', method: 'PUT', path: `/cache/${HASH}` } as const;
  assert.equal(memobuildDialect.isWrite(record), true);
  assert.equal(memobuildDialect.isWrite({ ...record, op: 'register_node_layers', method: 'POST' }), true);
  assert.equal(memobuildDialect.isWrite({ ...record, op: 'has', method: 'HEAD' }), false);
});

test('a miss that was recorded as a failure counts as a success, and nothing else does', async () => {
  const rows: [string, number | undefined, string, boolean][] = [
    ['get', 404, '', true],
    ['has_layer', 404, '', true],
    ['get_node_layers', 404, '', true],
    ['put', 404, '', false],
    ['GET /stats', 404, '', false],
    ['get', 410, '', false],
    ['get', 503, '', false],
    ['get', 404, 'upstream_reset', false],
    ['get', undefined, '', false],
  ];
  const judged = async (dialect: string): Promise<boolean[]> => {
    async function* batches(): AsyncGenerator<TraceRecord[]> {
      yield rows.map(([name, status, error]) => {
        const { outcome } = makeRecord();
        return makeRecord({ op: name, outcome: { ...outcome, status, error, ok: false } });
      });
    }
    const found: boolean[] = [];
    for await (const batch of translateRecords(dialect, batches())) {
      found.push(...batch.map(({ outcome }) => outcome.ok));
    }
    return found;
  };
  assert.deepEqual(
    await judged('memobuild'),
    rows.map(([, , , ok]) => ok),
  );
  for (const other of ['engram', 'generic', 'of a later version']) {
    assert.deepEqual(
      await judged(other),
      rows.map(() => false),
    );
  }
});

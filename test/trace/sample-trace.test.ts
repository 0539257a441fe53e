import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openTrace } from '../../src/sources/open/open-trace.ts';

const SAMPLE = fileURLToPath(new URL('../../../traces/sample.trace.zst', import.meta.url));

test('the sample trace holds what its README says: both protocols, unary calls and streams, in order', async () => {
  const trace = await openTrace(SAMPLE);
  const kinds = new Set<string>();
  let latestNs = Number.NEGATIVE_INFINITY;
  let records = 0;
  for await (const batch of trace.records()) {
    for (const { protocol, stream, startNs } of batch) {
      kinds.add(`${protocol}${stream === undefined ? '' : ' stream'}`);
      assert.ok(startNs >= latestNs);
      latestNs = startNs;
      records++;
    }
  }
  assert.deepEqual([...kinds].sort(), ['grpc', 'grpc stream', 'http']);
  assert.equal(records, trace.index?.totals.records);
  assert.deepEqual(trace.warnings, []);
  await trace.close();
});

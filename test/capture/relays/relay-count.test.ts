import assert from 'node:assert/strict';
import { it } from 'node:test';
import { defaultRelays, largestBody, relayShareBytes } from '../../../src/capture/relays/relay-count.ts';

const MIB = 1024 ** 2;

it('there is one relay less than cores, and at least one', () => {
  const counts = [1, 2, 3, 4, 6].map((cores) => defaultRelays(cores, {}));
  assert.deepEqual(counts, [1, 1, 2, 3, 5]);
});

it('no more relays are chosen than have room for the largest body each', () => {
  assert.equal(defaultRelays(64, {}), 6);
  assert.equal(defaultRelays(64, { bufferBytes: 2048 * MIB }), 63);
  assert.equal(defaultRelays(64, { bufferBytes: 1 * MIB }), 1);
  assert.equal(defaultRelays(8, { maxBodyBytes: 64 * MIB }), 1);
  for (const bufferBytes of [32 * MIB, 100 * MIB, 1000 * MIB]) {
    const relays = defaultRelays(1000, { bufferBytes });
    assert.ok(largestBody(relayShareBytes(bufferBytes, relays)) >= 16 * MIB);
  }
});

import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import { createAddressSpread } from '../../../src/transports/connect/address-spread.ts';

test('connections begin with the addresses of a name by turns, and have the others to go on to', async () => {
  const addresses = ['127.0.0.9', '127.0.0.2', '::1'].map((address) => ({ address, family: 4 }));
  const { lookup } = createAddressSpread(addresses);
  const ask = (all: boolean) =>
    new Promise((resolve) => lookup('multi', { all }, (_error, found) => resolve(found)));
  const asked: unknown[] = [];
  for (let count = 0; count < 4; count += 1) {
    asked.push(((await ask(true)) as LookupAddress[]).map(({ address }) => address));
  }
  assert.deepEqual(asked, [
    ['127.0.0.9', '127.0.0.2', '::1'],
    ['127.0.0.2', '::1', '127.0.0.9'],
    ['::1', '127.0.0.9', '127.0.0.2'],
    ['127.0.0.9', '::1', '127.0.0.2'],
  ]);
  assert.equal(await ask(false), '127.0.0.2');
});

test('what falls to a dead address is shared by the others, and threads begin with different ones', async () => {
  const addresses = ['dead', 'b', 'c'].map((address) => ({ address, family: 4 }));
  const taken: Record<string, number> = { b: 0, c: 0 };
  for (const first of [0, 1, 2]) {
    const { lookup } = createAddressSpread(addresses, first);
    for (let count = 0; count < 12; count += 1) {
      const list = await new Promise<string | LookupAddress[]>((resolve) =>
        lookup('multi', { all: true }, (_error, found) => resolve(found)),
      );
      const names = (list as LookupAddress[]).map(({ address }) => address);
      assert.equal(new Set(names).size, 3);
      if (count === 0) assert.equal(names[0], addresses[first]?.address);
      const alive = names.find((name) => name !== 'dead') ?? '';
      taken[alive] = (taken[alive] ?? 0) + 1;
    }
  }
  assert.deepEqual(taken, { b: 18, c: 18 });
});

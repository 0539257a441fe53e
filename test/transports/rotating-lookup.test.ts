import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import { createRotatingLookup } from '../../src/transports/rotating-lookup.ts';

test('connections begin with the addresses of a name by turns, and have the others to go on to', () => {
  const addresses = ['127.0.0.9', '127.0.0.2', '::1'].map((address) => ({ address, family: 4 }));
  const lookup = createRotatingLookup(addresses);
  const asked: string[][] = [];
  for (let count = 0; count < 4; count += 1) {
    lookup('multi', { all: true }, (error, found) => {
      assert.equal(error, null);
      asked.push((found as LookupAddress[]).map(({ address }) => address));
    });
  }
  assert.deepEqual(asked, [
    ['127.0.0.9', '127.0.0.2', '::1'],
    ['127.0.0.2', '::1', '127.0.0.9'],
    ['::1', '127.0.0.9', '127.0.0.2'],
    ['127.0.0.9', '127.0.0.2', '::1'],
  ]);
  lookup('multi', {}, (_error, address) => assert.equal(address, '127.0.0.2'));
});

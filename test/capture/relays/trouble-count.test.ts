import assert from 'node:assert/strict';
import { it } from 'node:test';
import { TroubleCount } from '../../../src/capture/relays/trouble-count.ts';

it('troubles of connections are all counted, those with too many texts under one', () => {
  const troubles = new TroubleCount();
  for (const times of [1, 2])
    for (let i = 0; i < 25; i++) for (let n = 0; n < times; n++) troubles.note(`t${i}`);
  const taken = troubles.take();
  assert.deepEqual(
    taken,
    Array.from({ length: 21 }, (_, i) => (i < 20 ? [`t${i}`, 3] : ['other troubles of connections', 15])),
  );
  assert.deepEqual(troubles.take(), [], 'each is told once');
});

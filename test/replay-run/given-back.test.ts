import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { PLACED_BLOCK_RECORDS, placedBatches } from '../support/placed-batches.ts';
import { burstyTrace, inBatches, MS, play, SECOND } from '../support/replay-harness.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import { playShared } from './shards/in-process-shards.ts';

const BLOCKS = 10;
const RECORDS = burstyTrace(BLOCKS * PLACED_BLOCK_RECORDS, 9, 3);

/** The starts that operations are moved to, which a slow file brings long after the replay was stopped. */
async function* slowStarts(clock: VirtualClock): AsyncGenerator<TraceRecord[]> {
  yield RECORDS.slice(0, 20);
  await new Promise<void>((resolve) => clock.at(clock.nowNs() + 30 * SECOND, resolve));
  yield* inBatches(RECORDS.slice(20), 20);
}

for (const shards of [1, 2]) {
  it(`${shards} that send: blocks that are read when the replay is over are given back`, async () => {
    let free = 0;
    const clocks: VirtualClock[] = [];
    const batches = () => placedBatches(RECORDS, RECORDS.length / 2, () => free++);
    const stop = new AbortController();
    const meanwhile = (clock: VirtualClock): void => {
      clocks.push(clock);
      clock.at(clock.nowNs() + 5 * MS, () => stop.abort());
    };
    const source = { batches, openStarts: slowStarts };
    const options = { ...source, upscale: 2, order: 'open', signal: stop.signal, meanwhile } as const;
    if (shards === 1) await play([], options);
    else await playShared([], { ...options, shards });
    assert.equal(free, 0);
    const [clock = assert.fail('no clock')] = clocks;
    await clock.advance(clock.nowNs() + 60 * SECOND);
    assert.equal(free, BLOCKS);
  });
}

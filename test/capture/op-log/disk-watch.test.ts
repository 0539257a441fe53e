import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDiskWatch } from '../../../src/capture/op-log/disk-watch.ts';
import { emptySegmentStats } from '../../../src/capture/op-log/segment-stats.ts';

function watch() {
  const told: string[] = [];
  const { look } = createDiskWatch((text) => told.push(text));
  const take = (): string[] => told.splice(0);
  return { look, take };
}

describe('disk watch', () => {
  it('tells a silence of 5 s once, then once a minute, and its end', () => {
    const { look, take } = watch();
    const stats = emptySegmentStats();
    for (let s = 0; s < 5; s++) look(s * 1e9, s * 1e9, stats);
    assert.deepEqual(take(), []);
    for (let s = 5; s < 130; s++) look(s * 1e9, s * 1e9, stats);
    assert.deepEqual(
      take().map((text) => /not answered for (\d+) s/.exec(text)?.[1]),
      ['5', '65', '125'],
    );
    look(130e9, 0, stats);
    look(131e9, 0, stats);
    assert.deepEqual(
      take().map((text) => /answers again/.test(text)),
      [true],
    );
  });

  it('tells blocks that are lost once a minute, and when they are taken again', () => {
    const { look, take } = watch();
    const stats = { ...emptySegmentStats(), lastError: 'ENOSPC' };
    for (let s = 0; s < 70; s++) {
      stats.blocksLost++;
      look(s * 1e9, 0, stats);
    }
    assert.deepEqual(
      take().map((text) => /takes no blocks, (\d+) .*ENOSPC/.exec(text)?.[1]),
      ['1', '61'],
    );
    stats.blocks++;
    look(71e9, 0, stats);
    look(72e9, 0, stats);
    assert.match(take().join('|'), /^the op log takes blocks again; 70 were lost so far$/);
  });

  it('tells each segment that vanished', () => {
    const { look, take } = watch();
    const stats = { ...emptySegmentStats(), vanished: 1, recordsVanished: 9, lastError: 'x was removed' };
    look(0, 0, stats);
    look(1, 0, stats);
    assert.deepEqual(take(), ['x was removed; 9 records are lost so far']);
  });
});

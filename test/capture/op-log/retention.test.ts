import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SegmentInfo } from '../../../src/capture/disk/segment-fs.ts';
import { planRetention } from '../../../src/capture/op-log/retention.ts';
import { isSegmentName, segmentName } from '../../../src/capture/op-log/segment-name.ts';
import { untoldLossesName } from '../../../src/trace/op-log/untold-losses.ts';

const NOW_MS = Date.UTC(2025, 10, 21, 14);
const HOUR_MS = 3_600_000;

function file(number: number, ageHours: number, sizeBytes = 100): SegmentInfo {
  const name = segmentName(NOW_MS - ageHours * HOUR_MS, 'run1', number);
  return { name, sizeBytes, modifiedMs: NOW_MS - ageHours * HOUR_MS };
}

describe('segment names', () => {
  it('are told apart from everything else', () => {
    assert.equal(segmentName(NOW_MS, 'ab12', 7), 'oplog-20251121T140000000Z-ab12-000007.trace.zst');
    assert.ok(isSegmentName(segmentName(NOW_MS, 'ab12', 12_345_678)));
    for (const name of [
      'prod.trace.zst',
      'oplog-x-ab12-000007.trace.zst',
      `x${segmentName(NOW_MS, 'a', 1)}`,
      '../etc',
    ]) {
      assert.ok(!isSegmentName(name), name);
    }
  });
});

describe('retention', () => {
  const files = [file(3, 1), file(1, 30), file(2, 20), { name: 'notes.txt', sizeBytes: 1e9, modifiedMs: 0 }];
  const names = (numbers: number[]): string[] =>
    numbers.map((n) => (files.find(({ name }) => name.includes(`00000${n}`)) as SegmentInfo).name);

  it('removes what is too old', () => {
    const limits = { maxAgeMs: 10 * HOUR_MS, maxTotalBytes: undefined };
    assert.deepEqual(planRetention(files, limits, [], NOW_MS), names([1, 2]));
  });

  it('removes the oldest until the rest fits, counting only our files', () => {
    const limits = { maxAgeMs: undefined, maxTotalBytes: 250 };
    assert.deepEqual(planRetention(files, limits, [], NOW_MS), names([1]));
    assert.deepEqual(planRetention(files, { ...limits, maxTotalBytes: 0 }, [], NOW_MS), names([1, 2, 3]));
  });

  it('never removes the open segment, nor one that was just written', () => {
    const limits = { maxAgeMs: 1, maxTotalBytes: 0 };
    const open = files[1] as SegmentInfo;
    assert.ok(!planRetention(files, limits, [open.name], NOW_MS).includes(open.name));
    assert.deepEqual(planRetention([file(9, 0.001)], limits, [], NOW_MS), []);
  });

  it('treats files of untold losses like segments of their age', () => {
    const losses = { ...file(0, 25), name: untoldLossesName(NOW_MS - 26 * HOUR_MS, 'run0') };
    const all = [...files, losses];
    const doomed = (maxAgeMs: number | undefined, maxTotalBytes: number | undefined): string[] =>
      planRetention(all, { maxAgeMs, maxTotalBytes }, [], NOW_MS);
    assert.deepEqual(doomed(24 * HOUR_MS, undefined), [...names([1]), losses.name]);
    assert.deepEqual(doomed(undefined, 350), names([1]), 'there is older');
    assert.deepEqual(doomed(undefined, 250), [...names([1]), losses.name]);
    assert.ok(
      !planRetention(all, { maxAgeMs: 1, maxTotalBytes: 0 }, [losses.name], NOW_MS).includes(losses.name),
    );
  });

  it('never removes the open segment of another run that is alive, however long it had nothing to write', () => {
    const losses = (run: string, ageHours: number): SegmentInfo => {
      return { ...file(0, ageHours), name: untoldLossesName(NOW_MS - 40 * HOUR_MS, run) };
    };
    const limits = { maxAgeMs: 1, maxTotalBytes: 0 };
    const doomed = (all: SegmentInfo[]): string[] => planRetention(all, limits, [], NOW_MS);
    assert.deepEqual(
      doomed([...files, losses('run1', 0.001)]),
      names([1, 2]),
      'the newest of that run stays',
    );
    assert.deepEqual(doomed([...files, losses('other', 0.001)]), names([1, 2, 3]));
    const dead = losses('run1', 1);
    assert.deepEqual(doomed([...files, dead]), [...names([1, 2, 3]), dead.name], 'it is no longer alive');
  });

  it('keeps everything without limits', () => {
    assert.deepEqual(planRetention(files, { maxAgeMs: undefined, maxTotalBytes: undefined }, [], NOW_MS), []);
  });
});

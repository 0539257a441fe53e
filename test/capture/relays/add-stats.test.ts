import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CaptureStats, CaptureSummary } from '../../../src/capture/capture.ts';
import { addStats, addSummaries, withoutPresent } from '../../../src/capture/relays/add-stats.ts';
import { emptyLoss } from '../../../src/trace/record/record.ts';
import fc from '../../support/fast-check.ts';

const WORDS = ['lastGaveUp', 'lastRefused', 'lastWriteError'] as const;
const HELD: readonly string[] = ['openConnections', 'pendingBytes', 'bufferedBytes', 'diskSilentMs'];
const KEYS = Object.keys(addStats([])) as (keyof CaptureStats)[];
const anyStats = fc.record(
  Object.fromEntries(
    KEYS.map((key) => [
      key,
      (WORDS as readonly string[]).includes(key) ? fc.constantFrom('', 'a', 'b') : fc.nat(1e9),
    ]),
  ),
) as unknown as fc.Arbitrary<CaptureStats>;

function summary(stats: CaptureStats, fields: Partial<CaptureSummary> = {}): CaptureSummary {
  return { ...stats, untoldLoss: emptyLoss(), lossFile: '', closedProperly: true, ...fields };
}

describe('what several relays count', () => {
  it('is added up; of how long a disk is silent the longest counts, of last words any', () => {
    fc.assert(
      fc.property(fc.array(anyStats, { maxLength: 5 }), (all) => {
        const sum = addStats(all);
        for (const key of KEYS) {
          const values = all.map((each) => each[key]);
          if ((WORDS as readonly string[]).includes(key))
            assert.ok(sum[key] === '' ? values.every((value) => value === '') : values.includes(sum[key]));
          else if (key === 'diskSilentMs') assert.equal(sum[key], Math.max(0, ...(values as number[])));
          else
            assert.equal(
              sum[key],
              (values as number[]).reduce((a, b) => a + b, 0),
            );
        }
      }),
    );
  });

  it('keeps of a relay that is no more what it did, not what it held', () => {
    fc.assert(
      fc.property(anyStats, (stats) => {
        const kept = withoutPresent(stats);
        for (const key of KEYS) assert.equal(kept[key], HELD.includes(key) ? 0 : stats[key], key);
      }),
    );
  });
});

describe('the end of several relays', () => {
  const one = { ...addStats([]), records: 3 };
  const lost = (recordsDropped: number) => ({ ...emptyLoss(), recordsDropped });

  it('is in order where that of each is', () => {
    assert.equal(addSummaries([summary(one), summary(one)], addStats([]), true).closedProperly, true);
    const bad = summary(one, { closedProperly: false });
    assert.equal(addSummaries([summary(one), bad], addStats([]), true).closedProperly, false);
    assert.equal(addSummaries([summary(one)], addStats([]), false).closedProperly, false, 'one died');
  });

  it('adds up records and losses, of those that died too, and names all files of losses', () => {
    const all = [
      summary(one, { untoldLoss: lost(2), lossFile: 'a.losses' }),
      summary(one),
      summary(one, { untoldLoss: lost(5), lossFile: 'b.losses' }),
    ];
    const { records, untoldLoss, lossFile, closedProperly } = addSummaries(all, one, true);
    assert.equal(records, 12);
    assert.deepEqual(untoldLoss, lost(7));
    assert.equal(lossFile, 'a.losses, b.losses');
    assert.equal(closedProperly, false, 'a loss is untold');
  });
});

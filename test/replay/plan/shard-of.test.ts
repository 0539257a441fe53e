import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseShard } from '../../../src/cli/flags/replay-values.ts';
import { summarisePlan } from '../../../src/replay/plan/plan-summary.ts';
import { shardOf } from '../../../src/replay/plan/shard-of.ts';
import { replayOptions } from '../../../src/replay/replay-options.ts';
import { burstyTrace, inBatches, play } from '../../support/replay-harness.ts';

describe('one shard of several', () => {
  const records = burstyTrace(600, 40, 5);

  it('plays its own sessions at the due times of the whole plan, and the shards together play all', async () => {
    const whole = await play(records, { multiplier: 2 });
    const startOf = (startNs: number | undefined): number => startNs ?? Number.NaN;
    const at = new Map(
      whole.transport.sends.map(({ record, atNs }) => [record.path, atNs - startOf(whole.end.startNs)]),
    );
    const seen: string[] = [];
    for (let index = 0; index < 3; index++) {
      const { end, transport, settled } = await play(records, { multiplier: 2, shard: { index, of: 3 } });
      for (const { record, atNs } of transport.sends) {
        assert.equal(shardOf(record.session, 3), index);
        assert.equal(atNs - startOf(end.startNs), at.get(record.path));
        seen.push(record.path);
      }
      assert.equal(end.accounting.planned, transport.sends.length);
      assert.deepEqual(
        settled.map(({ sequence }) => sequence).sort((a, b) => a - b),
        settled.map((_, i) => i),
      );
    }
    assert.deepEqual(seen.sort(), records.map(({ path }) => path).sort());
  });

  it('has the digest of the whole plan, and counts what is left out of its own sessions', async () => {
    const only = ({ path }: { path: string }): boolean => !path.endsWith('3');
    const summary = (shard?: { index: number; of: number }) =>
      summarisePlan(() => inBatches(records, 50), replayOptions({ only, shard }));
    const whole = await summary();
    const parts = await Promise.all([0, 1, 2].map((index) => summary({ index, of: 3 })));
    for (const { digest } of parts) assert.equal(digest, whole.digest);
    const sum = (pick: (part: typeof whole) => number): number =>
      parts.reduce((all, part) => all + pick(part), 0);
    assert.equal(
      sum(({ operations }) => operations),
      whole.operations,
    );
    assert.equal(
      sum(({ excluded }) => excluded.filtered_out),
      whole.excluded.filtered_out,
    );
    assert.ok(whole.excluded.filtered_out > 0);
  });

  it('is divided evenly once more among threads', () => {
    const sessions = Array.from({ length: 4000 }, (_, i) => `c${i}`).filter((name) => shardOf(name, 2) === 0);
    const first = sessions.filter((name) => shardOf(name, 2, 2) === 0).length;
    assert.ok(Math.abs(first / sessions.length - 0.5) < 0.05, `${first} of ${sessions.length}`);
  });

  it('is written I/N, I from 0', () => {
    assert.deepEqual(parseShard('0/4'), { index: 0, of: 4 });
    for (const text of ['4/4', '1', '-1/4', '1/0', 'a/b', '1/4x'])
      assert.throws(() => parseShard(text), { code: 'usage' });
  });
});

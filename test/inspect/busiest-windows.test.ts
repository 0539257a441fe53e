import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { busiestWindows } from '../../src/inspect/busiest-windows.ts';
import { cutCommand } from '../../src/inspect/cut-command.ts';
import fc from '../support/fast-check.ts';

const START = 1_763_283_600_000_000_000n; // 2025-11-16T09:00:00Z
const SECOND = 1e9;

describe('the busiest windows', () => {
  it('are the minutes with most, the busiest first, wherever they begin', () => {
    const counts = new Array<number>(600).fill(1);
    counts.fill(100, 130, 190);
    counts.fill(50, 400, 460);
    const [minutes, ...more] = busiestWindows({ startUnixNs: START, stepNs: SECOND, counts });
    assert.deepEqual(more, []);
    assert.equal(minutes?.width_s, 60);
    assert.deepEqual(minutes?.windows.slice(0, 2), [
      { start: '2025-11-16T09:02:10.000Z', records: 6000, rate_per_s: 100 },
      { start: '2025-11-16T09:06:40.000Z', records: 3000, rate_per_s: 50 },
    ]);
    assert.equal(minutes?.windows.length, 5);
  });

  it('are hours and minutes of a day, seconds of a minute, none of a moment', () => {
    const widths = (stepNs: number, steps: number) =>
      busiestWindows({ startUnixNs: START, stepNs, counts: new Array(steps).fill(1) }).map(
        (one) => one.width_s,
      );
    assert.deepEqual(widths(43.2 * SECOND, 2000), [3585.6, 43.2]);
    assert.deepEqual(widths(302.4 * SECOND, 2000), [3628.8, 302.4]);
    assert.deepEqual(widths(0.1 * SECOND, 600), [1]);
    assert.deepEqual(widths(0.01 * SECOND, 10), []);
    assert.deepEqual(widths(0, 0), []);
  });

  it('do not overlap, and count what is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 300, maxLength: 700 }), (counts) => {
        const [found] = busiestWindows({ startUnixNs: 0n, stepNs: SECOND, counts });
        const starts = (found?.windows ?? []).map(({ start }) => Date.parse(start) / 1000);
        found?.windows.forEach(({ records }, i) => {
          const at = starts[i] as number;
          assert.equal(
            records,
            counts.slice(at, at + 60).reduce((sum, count) => sum + count, 0),
          );
        });
        for (const [i, a] of starts.entries())
          for (const b of starts.slice(i + 1)) assert.ok(Math.abs(a - b) >= 60);
      }),
      { numRuns: 50 },
    );
  });

  it('come with the command that cuts them out, as a shell takes it', () => {
    const at = '2025-11-16T09:02:10.000Z';
    const of = (name: string, format: string) => cutCommand({ name, format }, at, 60);
    assert.equal(of('oplog', 'op log'), `engram-trace export --source oplog --start ${at} --duration 60`);
    assert.match(of("it's mine", 'op log') ?? '', /--source 'it'\\''s mine' --start/);
    assert.match(of('-x', 'trace') ?? '', /--source \.\/-x /);
    const end = '2025-11-16T09:03:10.000Z';
    assert.equal(
      of('day.ndjson', 'ndjson'),
      `engram-trace filter day.ndjson --from ${at} --to ${end} --output peak.trace.zst`,
    );
    assert.equal(of('-', 'ndjson'), null);
  });
});

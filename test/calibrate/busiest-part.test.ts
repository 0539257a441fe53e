import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { createBusiestPart } from '../../src/calibrate/busiest-part.ts';
import type { ReplayPart } from '../../src/replay-run/source/numbered-source.ts';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { writeTrace } from '../cli/replay-support.ts';
import { MS, makeRecord } from '../results/support.ts';
import { withFolder } from '../support/folders.ts';

const SECOND = 1000 * MS;

/** One a tenth of a second for 20 s, and a hundred more within the second that begins at 12 s. */
function records(): TraceRecord[] {
  const calm = Array.from({ length: 200 }, (_, i) => 100 * MS * i);
  const peak = Array.from({ length: 100 }, (_, i) => 12 * SECOND + 10 * MS * i);
  return [...calm, ...peak].sort((a, b) => a - b).map((startNs) => makeRecord({ startNs }));
}

it('the busiest part is the same with an index and without, inside what is asked for', async () => {
  await withFolder(async (folder) => {
    const files = [
      await writeTrace(join(folder, 'a.trace.zst'), records()),
      await writeTrace(join(folder, 'a.ndjson'), records()),
    ];
    for (const file of files) {
      const trace = await openTrace(file);
      const find = async (range: ReplayPart, ns: number) => (await createBusiestPart({ trace, range }))(ns);
      const all = await find({}, SECOND);
      assert.ok(all);
      assert.ok(Math.abs(all.window.from_s - 12) <= 0.011, String(all.window.from_s));
      assert.ok(all.window.records >= 109);
      assert.ok(Math.abs(all.window.records_per_sec - 110) < 3);
      assert.equal(all.part.to, undefined);
      // Longer than the trace: from its start.
      assert.equal((await find({}, 100 * SECOND))?.window.records, 300);
      // The peak lies outside.
      const limited = await find({ limit: 50 }, SECOND);
      assert.equal(limited?.window.from_s, 0);
      assert.equal(limited?.window.records, 10);
      const late = await find({ from: { offsetNs: 15 * SECOND } }, SECOND);
      assert.equal(late?.window.records, 10);
      assert.equal(
        await (await createBusiestPart({ trace, range: { from: { offsetNs: 99 * SECOND } } }))(1),
        undefined,
      );
      await trace.close();
    }
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readUntoldLosses } from '../../src/sources/read-untold-losses.ts';
import { emptyLoss } from '../../src/trace/record.ts';
import { encodeUntoldLosses, type UntoldLosses, untoldLossesName } from '../../src/trace/untold-losses.ts';

const SECOND = 1_000_000_000n;

async function folderWith(t: TestContext, runs: readonly Partial<UntoldLosses>[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'engram-trace-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [i, run] of runs.entries()) {
    const bytes = encodeUntoldLosses({
      runId: `run${i}`,
      isEnded: true,
      sinceUnixNs: 10n * SECOND,
      untilUnixNs: 20n * SECOND,
      loss: { ...emptyLoss(), recordsDropped: 7 },
      ...run,
    });
    await writeFile(join(folder, untoldLossesName(i, `run${i}`)), bytes);
  }
  return folder;
}

const window = (from: bigint, to: bigint) => ({ startUnixNs: from * SECOND, endUnixNs: to * SECOND });

describe('untold losses of an op log', () => {
  it('are read for the window they lie in', async (t) => {
    const folder = await folderWith(t, [{}]);
    const dropped = async (from: bigint, to: bigint): Promise<number[]> =>
      (await readUntoldLosses(folder, window(from, to))).losses.map(({ recordsDropped }) => recordsDropped);
    assert.deepEqual(await dropped(0n, 10n), []);
    assert.deepEqual(await dropped(0n, 11n), [7]);
    assert.deepEqual(await dropped(19n, 30n), [7]);
    assert.deepEqual(await dropped(21n, 30n), []);
    const { losses, notes } = await readUntoldLosses(folder);
    assert.equal(losses.length, 1);
    assert.match(notes[0] ?? '', /run0 ended at 1970-01-01T00:00:20.000Z with losses that only oplog-/);
  });

  it('name a run that was killed, for every window behind its last sign of life', async (t) => {
    const folder = await folderWith(t, [{ isEnded: false, loss: emptyLoss() }]);
    const { losses, notes } = await readUntoldLosses(folder, window(100n, 200n));
    assert.deepEqual(losses, []);
    assert.match(
      notes[0] ?? '',
      /run0 is still running or was killed: .* after 1970-01-01T00:00:20.000Z may be missing/,
    );
    assert.deepEqual((await readUntoldLosses(folder, window(0n, 5n))).notes, []);
  });

  it('say that a file is damaged, and that a folder or a file has none', async (t) => {
    const folder = await folderWith(t, []);
    const name = untoldLossesName(0, 'torn');
    await writeFile(join(folder, name), '');
    const { notes } = await readUntoldLosses(folder);
    assert.match(notes[0] ?? '', /torn\.losses: .* how much is missing is not known/);
    assert.deepEqual(await readUntoldLosses(join(folder, name)), { losses: [], notes: [] });
  });
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type LogTable, openLogTable } from '../../../src/verify/measure/log-table.ts';
import { blocksOf, logBytes, makeOperation } from '../../replay-log/support.ts';
import { withFolder } from '../../support/folders.ts';

const ENTRIES = 30;

/** A log of three blocks, of which as much is kept as says the limit; its file is gone as soon as it was read once. */
async function readOnce(mostKeptBytes: number | undefined, use: (table: LogTable) => Promise<void>) {
  await withFolder(async (folder) => {
    const operations = Array.from({ length: ENTRIES }, (_, i) => [makeOperation(i), 'ok'] as const);
    const { bytes } = await logBytes(
      blocksOf(
        operations.map(([one, end]) => [one, end]),
        10,
      ),
    );
    const path = join(folder, 'run.rlog');
    await writeFile(path, bytes);
    await use(await openLogTable(path, mostKeptBytes));
  });
}

async function numbersOf(table: LogTable): Promise<number[]> {
  const numbers: number[] = [];
  await table.each((row) => void numbers.push(row.number));
  return numbers;
}

test('a log that was read is walked through again from memory, and what is too long for that from the file', async () => {
  const all = Array.from({ length: ENTRIES }, (_, i) => i);
  for (const mostKeptBytes of [undefined, 0, 2000, 1e9]) {
    await readOnce(mostKeptBytes, async (table) => {
      assert.equal(table.reading.blocks, 3);
      for (let pass = 0; pass < 3; pass += 1)
        assert.deepEqual(await numbersOf(table), all, `${mostKeptBytes}`);
    });
  }
});

test('a log is read from its file once', async () => {
  let gone: LogTable | undefined;
  await readOnce(undefined, async (table) => {
    gone = table;
  });
  assert.equal((await numbersOf(gone as LogTable)).length, ENTRIES);
  await readOnce(2000, async (table) => {
    gone = table;
  });
  await assert.rejects(numbersOf(gone as LogTable), /ENOENT|no such file/);
});

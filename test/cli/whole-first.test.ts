import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFolder } from '../support/folders.ts';
import { frames, RECORDS, whole } from '../trace/damaged-sample.ts';
import { runCli } from './run-cli.ts';

const damaged = Buffer.from(whole);
const damagedAt = frames.slice(0, 2).reduce((sum, size) => sum + size, 0);
damaged.fill(0xaa, damagedAt + 20, damagedAt + 30);

const startsIn = (ndjson: string) =>
  ndjson
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line).start_ns);
const TEN = RECORDS.slice(0, 10).map(({ startNs }) => startNs);

test('cat prints what comes before a damaged block, then the error', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'damaged.trace.zst');
    await writeFile(path, damaged);
    for (const [args, input] of [[['cat', path], ''] as const, [['cat', '-'], damaged] as const]) {
      const { code, stdout, stderr } = await runCli(args, { input });
      assert.deepEqual([code, startsIn(stdout)], [1, TEN], stderr);
      assert.match(stderr, /block 1 at byte/);
    }
  });
});

test('filter hands on what comes before a damaged block; what reads it is told that something is missing', async () => {
  const filtered = await runCli(['filter', '--op', 'recall'], { input: damaged });
  assert.equal(filtered.code, 1);
  assert.match(filtered.stderr, /block 1 at byte/);
  const listed = await runCli(['cat'], { input: filtered.stdoutBytes });
  const expected = RECORDS.slice(0, 10).filter(({ op }) => op === 'recall');
  assert.deepEqual(
    startsIn(listed.stdout),
    expected.map(({ startNs }) => startNs),
  );
  assert.equal(listed.code, 1);
  assert.match(listed.stderr, /ended without an index/);
});

test('a file is not left half written by a damaged block', async () => {
  await withFolder(async (folder) => {
    const output = join(folder, 'out.ndjson');
    assert.equal((await runCli(['convert', '-', output], { input: damaged })).code, 1);
    assert.ok(!existsSync(output));
  });
});

test('joined traces: the first is printed, then the error', async () => {
  const { code, stdout, stderr } = await runCli(['cat'], { input: Buffer.concat([whole, whole]) });
  assert.deepEqual(
    startsIn(stdout),
    RECORDS.map(({ startNs }) => startNs),
  );
  assert.equal(code, 1);
  assert.match(stderr, /another trace starts.*\n {2}Traces can't be joined/);
});

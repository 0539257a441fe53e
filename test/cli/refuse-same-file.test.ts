import assert from 'node:assert/strict';
import { link, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { refuseSameFile } from '../../src/library/refuse-same-file.ts';
import { withFolder } from '../support/folders.ts';
import { someRecords, writeTrace } from './replay-support.ts';
import { runCli } from './run-cli.ts';

/** Arguments, and the two flags that lead to one file. `t` is the trace; `s` leads to it, `h` is another name of it. */
const SAME: [string, string, string][] = [
  ['replay --trace t --output t --force', '--trace', '--output'],
  ['replay --trace t --output ./t --force', '--trace', '--output'],
  ['replay --trace t --output s --force', '--trace', '--output'],
  ['replay --trace s --output t --force', '--trace', '--output'],
  ['replay --trace t --output h --force', '--trace', '--output'],
  ['replay --trace t --output t', '--trace', '--output'],
  ['replay --trace t --replay-log t --force', '--trace', '--replay-log'],
  ['replay --trace t --output new --replay-log folder/../new', '--output', '--replay-log'],
  ['replay --trace t --output folder/new --replay-log way/new', '--output', '--replay-log'],
  ['replay --trace none --output none --force', '--trace', '--output'],
  ['calibrate --trace t --output way/../t --force', '--trace', '--output'],
  ['repair t --output s --force', 'the trace', '--output'],
];

async function withNames(use: (folder: string, trace: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const trace = await writeTrace(join(folder, 't'), someRecords(3, 1));
    await mkdir(join(folder, 'folder'));
    await symlink('t', join(folder, 's'));
    await symlink('folder', join(folder, 'way'));
    await link(trace, join(folder, 'h'));
    await use(folder, trace);
  });
}

test('one file for two things is refused, by whatever names, and nothing is written', async () => {
  await withNames(async (folder, trace) => {
    const [bytes, names] = [await readFile(trace), await readdir(folder, { recursive: true })];
    for (const [line, one, other] of SAME) {
      const { code, stdout, stderr } = await runCli(line.split(' '), { cwd: folder });
      assert.deepEqual([code, stdout], [2, ''], `${line}: ${stderr}`);
      assert.ok(stderr.includes(`: ${one} and ${other} are the same file`), `${line}: ${stderr}`);
      assert.ok(stderr.endsWith(`\n  Name another file with ${other}.\n`), `${line}: ${stderr}`);
    }
    assert.deepEqual(await readFile(trace), bytes);
    assert.deepEqual((await readdir(folder, { recursive: true })).sort(), names.sort());
  });
});

test('a plan is shown, and that the run would be refused', async () => {
  await withNames(async (folder) => {
    const args = ['replay', '--trace', 't', '--output', 's', '--dry-run'];
    const { code, stderr } = await runCli(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /would be refused: --trace and --output are the same file/);
  });
});

test('files of their own, stdout and devices are not refused', async () => {
  await withNames(async (folder, trace) => {
    const table: [string, string, string | undefined][] = [
      [trace, join(folder, 'new'), join(folder, 'newer')],
      [trace, join(folder, 'folder', 't'), join(folder, 't.log')],
      [trace, '-', undefined],
      ['-', '-', '-'],
      [trace, '/dev/null', '/dev/null'],
    ];
    for (const [input, output, log] of table) {
      const outputs = [output, log].map((path) => ({ flag: 'an output', path }));
      refuseSameFile([{ flag: 'the input', path: input }], outputs);
    }
  });
});

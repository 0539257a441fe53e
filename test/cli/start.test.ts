import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as zlib from 'node:zlib';
import { withFolder } from '../support/folders.ts';
import { MAIN, runCli } from './run-cli.ts';

/** Runs the program in a process where `code` has been run before. */
async function runAfter(folder: string, code: string, args: string[]) {
  const preload = join(folder, 'preload.cjs');
  await writeFile(preload, code);
  const env = { NODE_OPTIONS: `--require=${preload}` };
  return runCli(args, { cwd: folder, env });
}

test('a Node that is too old is told so in one line, with exit code 2, whatever is asked for', async () => {
  await withFolder(async (folder) => {
    const versions = [
      ['12.22.9', 2],
      ['18.20.4', 2],
      ['20.18.3', 2],
      ['20.19.0', 0],
      ['24.1.0', 0],
    ] as const;
    for (const [node, expected] of versions) {
      const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } });`;
      const { code, stdout, stderr } = await runAfter(folder, old, ['--version']);
      assert.equal(code, expected, node);
      if (expected === 0) continue;
      assert.match(
        stderr,
        new RegExp(`^engram-trace: Node ${node} is too old: it takes 20\\.19 or newer .*\\n$`),
      );
      assert.equal(stdout, '');
    }
  });
});

test('the first file is one that an old Node can parse: it imports nothing before it has looked', async () => {
  const text = (await readFile(MAIN, 'utf8')).replaceAll(/^\s*\/\/.*$/gm, '');
  assert.doesNotMatch(text, /^import\s+[^(]|\bfrom\s*['"]|\bawait\b|\?\?|\?\.|node:|\|\|=|&&=/m);
  assert.ok(text.indexOf("import('./program.js')") > text.indexOf('too old'));
});

test('a signal that comes before anything is loaded leaves a document of what was not sent', async () => {
  await withFolder(async (folder) => {
    await writeFile(join(folder, 'one.ndjson'), '{"start_ns":1,"path":"/","session":"s","op":"x"}\n');
    // The first file looks at the version, and has done all it does when the next tick comes.
    const signalled = `let isSent = false;
      const { node, ...rest } = process.versions;
      const versions = { ...rest, get node() {
        if (!isSent) process.nextTick(() => process.kill(process.pid, 'SIGINT'));
        isSent = true;
        return node;
      } };
      Object.defineProperty(process, 'versions', { value: versions });`;
    const { code, stdout, stderr } = await runAfter(folder, signalled, [
      'replay',
      'one.ndjson',
      '--endpoint',
      ':9',
    ]);
    assert.equal(code, 130, stderr);
    const { summary, operations } = JSON.parse(stdout);
    assert.deepEqual([summary.stop, operations.total], ['interrupted', 0]);
    assert.match(stderr, /^engram-trace: stopping/);
  });
});

const NO_ZSTD = `const Module = require('node:module');
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (/^zstd-napi/.test(name)) throw Object.assign(new Error('not found'), { code: 'MODULE_NOT_FOUND' });
  return resolve.call(this, name, ...rest);
};`;
const skip = 'zstdCompressSync' in zlib && 'this Node has zstd built in';

test('where zstd is missing every command that needs it says what to install, and leaves nothing', {
  skip,
}, async () => {
  await withFolder(async (folder) => {
    const commands = [
      ['capture', '--http-listen', '0', '--http-upstream', '9'],
      ['demo'],
      ['convert', 'one.ndjson', 'x.trace.zst'],
    ];
    await writeFile(join(folder, 'one.ndjson'), '{"start_ns":1,"path":"/"}\n');
    for (const args of commands) {
      const { code, stderr } = await runAfter(folder, NO_ZSTD, args);
      assert.equal(code, 1, args[0]);
      assert.match(
        stderr,
        /no zstd library is available\n {2}Run `npm install zstd-napi`.*Node 22\.15/,
        args[0],
      );
    }
    assert.deepEqual((await readdir(folder)).sort(), ['one.ndjson', 'preload.cjs']);
  });
});

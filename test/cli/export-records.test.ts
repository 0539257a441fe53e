import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import { withFolder } from '../support/folders.ts';
import { collect, FIXTURES } from '../trace/support.ts';
import { runCli } from './run-cli.ts';

const LOADTEST = fileURLToPath(new URL('loadtest/four-operations.json', FIXTURES));
const EPOCH = '{"header":{"epoch_unix_ns":"1700000000000000000"}}\n';
const linesOf = (path: string, seconds: readonly number[]) =>
  EPOCH + seconds.map((second) => `{"start_ns":${second * 1e9},"path":"${path}"}\n`).join('');

/** `path` and second of each record. */
async function recordsIn(name: string): Promise<string[]> {
  const { records } = await collect(await openTrace(name));
  return records.map(({ path, startNs }) => `${path} ${startNs / 1e9}`);
}

test('export cuts a window out of whatever is read, from a file as from a pipe, packed or not', async () => {
  await withFolder(async (folder) => {
    const file = (name: string) => join(folder, name);
    const window = ['--start', '2023-11-14T22:13:22Z', '--duration', '3'];
    const text = linesOf('/a', [1, 2, 4, 5, 9]);
    await writeFile(file('a.ndjson'), text);
    await writeFile(file('a.gz'), gzipSync(text));
    execFileSync('mkfifo', [file('fifo')]);
    const outputs: string[] = [];
    for (const source of ['a.ndjson', 'a.gz', '-', 'fifo']) {
      const output = file(`from-${source}.trace.zst`);
      const feeding = source === 'fifo' ? writeFile(file('fifo'), text) : undefined;
      const name = source === '-' ? source : file(source);
      const args = ['export', '--source', name, '--output', output, ...window, '--json'];
      const { code, stdout, stderr } = await runCli(args, source === '-' ? { input: text } : {});
      await feeding;
      assert.deepEqual([code, stderr.split('\n').length], [0, 1], stderr);
      const report = JSON.parse(stdout);
      assert.deepEqual([report.records, report.blocks_copied, report.bytes_written > 100], [2, null, true]);
      assert.equal(report.window.end, '2023-11-14T22:13:25.000000000Z');
      outputs.push(output);
    }
    for (const output of outputs) assert.deepEqual(await recordsIn(output), ['/a 2', '/a 4'], output);
    // What is a trace file now is cut by its blocks.
    const again = await runCli(['export', '--source', outputs[0] ?? '', '--output', file('again.ndjson')]);
    assert.match(again.stderr, /2 records.*\n.*\n +\d blocks copied/);
    const loadtest = await runCli(['export', '--source', LOADTEST, '--output', file('loadtest.ndjson')]);
    assert.match(loadtest.stderr, /loadtest\.ndjson: 4 records, .*\n +window 1970-01-01T00:00:00\.000Z/);
  });
});

test('export makes one trace of several sources, and refuses those that make none', async () => {
  await withFolder(async (folder) => {
    const file = (name: string) => join(folder, name);
    await writeFile(file('a.ndjson'), linesOf('/a', [1, 3]));
    const both = ['--source', file('a.ndjson'), '--source', '-'];
    const merged = await runCli(['export', ...both, '--output', file('both.trace.zst')], {
      input: linesOf('/b', [2, 3]),
    });
    assert.deepEqual([merged.code, merged.stdout], [0, ''], merged.stderr);
    assert.deepEqual(await recordsIn(file('both.trace.zst')), ['/a 1', '/b 2', '/a 3', '/b 3']);

    const refused: [args: string[], code: number, message: RegExp][] = [
      [['--source', file('a.ndjson'), '--source', folder], 1, /it is a folder\n {2}.*engram-trace export/],
      [['--source', '-', '--source', '-'], 2, /stdin is named as a source twice/],
      [['--source', file('a.ndjson'), '--source', LOADTEST], 2, /clock is more than 52 days away/],
      [
        ['--source', file('a.ndjson'), '--start', '2024-01-01T00:00:00Z'],
        1,
        /starts after the last one, at 2023-11-14/,
      ],
    ];
    for (const [args, code, message] of refused) {
      const found = await runCli(['export', ...args, '--quiet'], { cwd: folder });
      assert.equal(found.code, code, found.stderr);
      assert.match(found.stderr, message);
    }
    const over = ['--source', file('a.ndjson'), '--output', file('a.ndjson'), '--force'];
    assert.match((await runCli(['export', ...over])).stderr, /--source and --output are the same file/);
    assert.deepEqual((await readdir(folder)).sort(), ['a.ndjson', 'both.trace.zst']);
    assert.ok(!existsSync(file('traces')), 'what is empty gets no name of its own');
  });
});

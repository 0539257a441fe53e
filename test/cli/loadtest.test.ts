import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withFolder } from '../support/folders.ts';
import { FIXTURES, makeRecord, writeTrace } from '../trace/support.ts';
import { runCli } from './run-cli.ts';

const path = fileURLToPath(new URL('loadtest/four-operations.json', FIXTURES));
const linesOf = (text: string) => text.trimEnd().split('\n').slice(1);

test('a loadtest trace is an input of every command that takes a trace', async () => {
  const listed = await runCli(['cat', path]);
  assert.deepEqual([listed.code, listed.stderr], [0, '']);
  assert.equal(linesOf(listed.stdout).length, 4);
  const piped = await runCli(['cat', '-'], { input: readFileSync(path) });
  assert.equal(piped.stdout, listed.stdout);

  const inspected = await runCli(['inspect', path]);
  assert.match(inspected.stdout, /records +4/);
  assert.match(inspected.stdout, /clock +resolution 1.00 ms/);
  assert.match(inspected.stdout, /each operation is a session of its own/);

  const filtered = await runCli(['filter', path, '--op', 'recall', '--format', 'ndjson']);
  assert.equal(linesOf(filtered.stdout).length, 2);

  const planned = await runCli([
    'replay',
    '--trace',
    path,
    '--endpoint',
    'http://127.0.0.1:9',
    '--dry-run',
    '--json',
  ]);
  assert.equal(planned.code, 0, planned.stderr);
  assert.match(planned.stdout, /"remember"/);
});

test('convert makes a trace of it and writes it back', async () => {
  await withFolder(async (folder) => {
    const [trace, back] = [join(folder, 'x.trace.zst'), join(folder, 'back.json')];
    assert.equal((await runCli(['convert', path, trace, '--quiet'])).code, 0);
    const converted = await runCli(['convert', trace, back, '--format', 'loadtest']);
    assert.deepEqual([converted.code, converted.stderr], [0, `convert: 4 records written to ${back}\n`]);
    const [was, is] = [path, back].map((name) => JSON.parse(readFileSync(name, 'utf8')));
    assert.deepEqual(is.operations, was.operations);
  });
});

test('convert says what has no equivalent, quiet or not', async () => {
  await withFolder(async (folder) => {
    const trace = join(folder, 'x.trace.zst');
    const vector = '/api/v1/memories/recall?embedding=%5B1%5D';
    const paths = ['/api/v1/memories/search?query=a', '/api/v1/memories/search?query=b', vector];
    const records = paths.map((path, i) => makeRecord({ startNs: i, path, op: i < 2 ? 'search' : 'recall' }));
    await writeFile(trace, await writeTrace(records));
    const { code, stdout, stderr } = await runCli(['convert', trace, '-', '--format', 'loadtest', '--quiet']);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).operations.length, 1);
    assert.equal(
      stderr,
      'engram-trace: warning: -: 2 records have no equivalent in loadtest JSON (2 search)\n',
    );

    const out = join(folder, 'out.json');
    const loud = await runCli(['convert', trace, out, '--format', 'loadtest']);
    assert.equal(JSON.parse(readFileSync(out, 'utf8')).operations.length, 1);
    assert.match(
      loud.stderr,
      /convert: 1 records written to .*out\.json \(2 of 3 have no equivalent there\)\n/,
    );
    const filtered = await runCli(['filter', trace, '--limit', '2', '--format', 'loadtest']);
    assert.match(
      filtered.stderr,
      /filter: kept 2, .*; 0 records written to stdout \(2 of 2 have no equivalent there\)\n/,
    );
  });
});

test('a loadtest trace that is cut off: what is whole is printed, then the error with the place', async () => {
  const bytes = (await readFile(path)).subarray(0, 420);
  const { code, stdout, stderr } = await runCli(['cat'], { input: bytes });
  assert.equal(code, 1);
  assert.equal(linesOf(stdout).length, 2);
  assert.match(stderr, /operations\[2\], near byte 420: the JSON ends in the middle\n {2}It is cut off/);
});

import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFolder } from '../support/folders.ts';
import { runCli } from './run-cli.ts';
import { ALL, parseLines, withTrace } from './trace-support.ts';

// What somebody meets who uses the commands for the first time.

test('cat --no-header: every line is a record, losses or not', async () => {
  await withTrace(async (folder, trace) => {
    const three = await runCli(['cat', trace, '--limit', '3', '--no-header']);
    assert.deepEqual([three.code, three.stderr], [0, '']);
    assert.deepEqual(
      parseLines(three.stdout).map(({ op }) => op),
      ALL.slice(0, 3).map(({ op }) => op),
    );
    const sampled = join(folder, 'sampled.trace.zst');
    await runCli(['filter', trace, '--sample', '0.5', '-o', sampled]);
    const lossy = parseLines((await runCli(['cat', sampled])).stdout);
    assert.ok(lossy.some(({ loss }) => loss !== undefined));
    const records = (await runCli(['cat', sampled], { env: { ENGRAM_TRACE_HEADER: 'false' } })).stdout;
    assert.deepEqual(
      parseLines(records).map(({ start_ns }) => start_ns),
      lossy.flatMap(({ start_ns }) => start_ns ?? []),
    );
    const none = await runCli(['cat', trace, '--limit', '0', '--no-header']);
    assert.deepEqual([none.code, none.stdout], [0, '']);
  });
});

test('an input that is not there ends every command with 1, and leaves no output', async () => {
  await withFolder(async (folder) => {
    const [missing, out] = [join(folder, 'nowhere'), join(folder, 'out.trace.zst')];
    for (const args of [
      ['inspect', missing],
      ['cat', missing],
      ['convert', missing, out],
      ['filter', missing, '--output', out],
      ['repair', missing, '--output', out],
      ['export', '--source', missing, '--output', out],
    ]) {
      const { code, stderr } = await runCli(args);
      assert.equal(code, 1, args.join(' '));
      assert.match(stderr, /nowhere: there is no such file/);
    }
    assert.deepEqual(await readdir(folder), []);
  });
});

test('export from what is no trace says what it is, and speaks of repair only where that may help', async () => {
  await withTrace(async (folder, trace) => {
    const text = join(folder, 'text');
    await writeFile(text, 'root:x:0:0\n');
    const output = join(folder, 'out.trace.zst');
    for (const flags of [[], ['--skip-damaged']]) {
      const { code, stderr } = await runCli(['export', '--source', text, '--output', output, ...flags]);
      assert.equal(code, 1);
      assert.match(stderr, /text: not a trace: it looks like text/);
      assert.doesNotMatch(stderr, /repair|skip-damaged/);
    }
    const bytes = await readFile(trace);
    bytes.fill(0xff, 20, 40);
    await writeFile(text, bytes);
    const damaged = await runCli(['export', '--source', text, '--output', output]);
    assert.match(damaged.stderr, /repair/, damaged.stderr);
  });
});

test('an output in a folder that cannot be made is named as the user named it', async () => {
  await withTrace(async (folder, trace) => {
    await writeFile(join(folder, 'no'), '');
    const output = join(folder, 'no', 'x.trace.zst');
    for (const args of [
      ['filter', trace, '--output', output],
      ['export', '--source', trace, '--output', output],
    ]) {
      const { code, stderr } = await runCli(args);
      assert.equal(code, 1);
      assert.ok(stderr.startsWith(`engram-trace: ${output}: what should be its folder is none\n`), stderr);
      assert.doesNotMatch(stderr, /\.tmp/);
    }
  });
});

test('a name that ends in .json holds NDJSON whichever command writes it, and that is said', async () => {
  await withTrace(async (folder, trace) => {
    const output = join(folder, 'new', 'x.json');
    const reference = parseLines((await runCli(['cat', trace, '--no-header'])).stdout);
    const named = ['--output', output, '--force'];
    const commands = [
      ['filter', trace, ...named],
      ['convert', trace, output, '--force'],
      ['repair', trace, ...named],
      ['export', '--source', trace, ...named],
    ];
    for (const args of commands) {
      const { code, stderr } = await runCli(args);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /x\.json holds NDJSON, .*\.trace\.zst is smaller/, args[0]);
      assert.deepEqual(await readdir(join(folder, 'new')), ['x.json'], args[0]);
      const lines = parseLines((await runCli(['cat', output, '--no-header'])).stdout);
      assert.deepEqual(lines, reference, args[0]);
      assert.match((await readFile(output, 'utf8')).slice(0, 12), /^\{"header":/, args[0]);
    }
    const quiet = await runCli(['export', '--source', trace, ...named, '--quiet']);
    assert.deepEqual([quiet.code, quiet.stderr], [0, '']);
    const empty = await runCli([
      'export',
      '--source',
      trace,
      ...named,
      '--start',
      '2001-01-01',
      '--end',
      '2001-01-02',
    ]);
    assert.equal(empty.code, 1, empty.stderr);
    assert.deepEqual(await readdir(join(folder, 'new')), ['x.json']);
  });
});

test('loadtest JSON is written where it is asked for, never by the name alone', async () => {
  await withTrace(async (folder, trace) => {
    const output = join(folder, 'x.json');
    const made = await runCli(['filter', trace, '--limit', '5', '-o', output, '--format', 'loadtest']);
    assert.equal(made.code, 0);
    assert.doesNotMatch(made.stderr, /NDJSON/);
    assert.ok(Array.isArray(JSON.parse(await readFile(output, 'utf8')).operations));
    const piped = await runCli(['convert', trace, '-']);
    const inspected = await runCli(['inspect', '--json'], { input: piped.stdoutBytes });
    assert.equal(JSON.parse(inspected.stdout).format, 'trace');
    assert.match(
      (await runCli(['convert', '--help'])).stdout.replaceAll(/\s+/g, ' '),
      /stdout \(a trace file there/,
    );
  });
});

test('inspect --skip-damaged says that the index is read, where it is', async () => {
  await withTrace(async (folder, trace) => {
    const ndjson = join(folder, 'x.ndjson');
    await runCli(['convert', trace, ndjson, '--quiet']);
    const note = /note: these are the numbers of the index; no block was read/;
    assert.match((await runCli(['inspect', trace, '--skip-damaged'])).stdout, note);
    assert.doesNotMatch((await runCli(['inspect', trace])).stdout, note);
    assert.doesNotMatch((await runCli(['inspect', ndjson, '--skip-damaged'])).stdout, note);
  });
});

test('joined NDJSON: the hint is something that can be done', async () => {
  const one = '{"header":{}}\n{"start_ns":1,"path":"/"}\n';
  const { code, stderr } = await runCli(['cat'], { input: one.repeat(2) });
  assert.equal(code, 1);
  assert.match(stderr, /line 3: a second header\n.*cut the file in front of this line/);
  const parts = await Promise.all([0, 1].map(() => runCli(['cat', '--no-header'], { input: one })));
  assert.deepEqual(
    parts.map((part) => [part.code, parseLines(part.stdout).length]),
    [
      [0, 1],
      [0, 1],
    ],
  );
});

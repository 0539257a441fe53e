import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeRecord, SECOND, writeOpLog } from '../sources/make-op-log.ts';
import { withFolder } from '../support/folders.ts';
import { cleanEnv, MAIN, runCli } from './run-cli.ts';
import { ALL, BLOCKS, parseLines, startsIn, startsOf, withTrace } from './trace-support.ts';

test('a filter that keeps nothing ends with 1, names the ops there are, and leaves the old file', async () => {
  await withTrace(async (folder, trace) => {
    const output = join(folder, 'old.ndjson');
    await writeFile(output, 'old');
    const none = await runCli(['filter', trace, '--op', 'remeber', '--output', output, '--force']);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /none of 1,000 records is kept/);
    assert.match(
      none.stderr,
      /Did you mean remember\? ops there are: recall \(334\), remember \(333\), search \(333\)/,
    );
    assert.equal(await readFile(output, 'utf8'), 'old');
    const piped = await runCli(['filter', trace, '--status', '418']);
    assert.deepEqual([piped.code, piped.stdoutBytes.length], [1, 0]);
    const several = ['--op', 'remeber', '--op', 'recall', '--space', 'default', '--space', 'nobody'];
    const some = await runCli(['filter', trace, ...several, '--format', 'ndjson']);
    assert.equal(some.code, 0);
    assert.match(some.stderr, /warning: --op remeber selects nothing: .* \(did you mean remember\?\)/);
    assert.match(some.stderr, /warning: --space nobody selects nothing/);
    assert.doesNotMatch(some.stderr, /--op recall|--space default/);
    const late = await runCli(['filter', trace, '--from', '1h', '--output', join(folder, 'new.ndjson')]);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /Its records are from \d{4}-.* to \d{4}-/);
    await assert.rejects(readFile(join(folder, 'new.ndjson')));
    const lines =
      '{"start_ns":1,"path":"/a"}\n{"start_ns":2,"path":"/b","outcome":{"ok":true,"status":200}}\n';
    const known = await runCli(['filter', '-', '--ok', '--format', 'ndjson'], { input: lines });
    assert.match(known.stderr, /kept 1 of 2 records, 1 are of unknown outcome/);
  });
});

test('export, cat, filter and convert tell the same records', async () => {
  await withTrace(async (folder, trace) => {
    const cat = await runCli(['cat', trace]);
    assert.deepEqual([cat.code, cat.stderr], [0, '']);
    assert.deepEqual(startsIn(cat.stdout), startsOf(ALL));

    const piped = await runCli(['cat', '-'], { input: await readFile(trace) });
    assert.deepEqual(startsIn(piped.stdout), startsOf(ALL));

    const conditions = [
      '--op',
      'recall',
      '--op',
      'search',
      '--space',
      'default',
      '--ok',
      '--latency',
      '<=20ms',
    ];
    const expected = ALL.filter(
      (r) => r.op !== 'remember' && r.space === 'default' && r.outcome.ok && (r.durationNs ?? 0) <= 20e6,
    );
    const filtered = await runCli(['filter', trace, ...conditions]);
    assert.equal(filtered.code, 0);
    assert.match(filtered.stderr, new RegExp(`kept ${expected.length} of 1,000 records`));
    const listed = await runCli(['cat'], { input: filtered.stdoutBytes });
    assert.deepEqual(startsIn(listed.stdout), startsOf(expected));

    const rest = await runCli(['filter', trace, ...conditions, '--invert', '--format', 'ndjson']);
    assert.deepEqual(startsIn(rest.stdout), startsOf(ALL.filter((r) => !expected.includes(r))));

    for (const name of ['x.ndjson', 'x.ndjson.zst', 'x.trace.zst']) {
      const [there, back] = [join(folder, name), join(folder, `back-of-${name}.trace.zst`)];
      assert.equal((await runCli(['convert', trace, there])).code, 0);
      assert.equal((await runCli(['convert', there, back, '--quiet'])).stderr, '');
      assert.equal((await runCli(['cat', back])).stdout, cat.stdout);
      assert.equal((await stat(there)).mode & 0o777, 0o600);
    }
  });
});

test('a window by start, duration, end and offset', async () => {
  await withTrace(async (folder, trace) => {
    const source = ['export', '--source', join(folder, 'oplog'), '--json'];
    const cases: [string[], (ns: number) => boolean][] = [
      [['--start', '2025-11-21T14:00:01Z', '--duration', '1'], (ns) => ns >= SECOND && ns < 2 * SECOND],
      [
        ['--start', '2025-11-21T14:00:01', '--end', '2025-11-21T15:00:01.5+01:00'],
        (ns) => ns >= SECOND && ns < 1.5 * SECOND,
      ],
      [['--duration', '500ms'], (ns) => ns < 0.5 * SECOND],
      [['--start', '2025-11-21T14:00:02.5Z'], (ns) => ns >= 2.5 * SECOND],
    ];
    for (const [number, [flags, inside]] of cases.entries()) {
      const output = join(folder, `${number}.trace.zst`);
      const { code, stdout, stderr } = await runCli([...source, '--output', output, ...flags]);
      assert.equal(code, 0, stderr);
      const expected = startsOf(ALL).filter(inside);
      assert.equal(JSON.parse(stdout).records, expected.length);
      assert.deepEqual(startsIn((await runCli(['cat', output])).stdout), expected);
    }
    const byOffset = await runCli(['cat', trace, '--from', '1s', '--to', '1.5s']);
    const piped = await runCli(['cat', '--from', '1s', '--to', '1.5s'], {
      input: (await runCli(['cat', trace])).stdout,
    });
    const expected = startsOf(ALL).filter((ns) => ns >= SECOND && ns < 1.5 * SECOND);
    assert.deepEqual(startsIn(byOffset.stdout), expected);
    assert.deepEqual(startsIn(piped.stdout), expected);
    const backwards = await runCli(['cat', trace, '--from', '2s', '--to', '1s']);
    assert.deepEqual([backwards.code, backwards.stdout.includes('start_ns')], [2, false]);
  });
});

test('an export of nothing is written, says why, and ends with 1', async () => {
  await withTrace(async (folder) => {
    const output = join(folder, 'late.trace.zst');
    const late = [
      'export',
      '--source',
      join(folder, 'oplog'),
      '--output',
      output,
      '--start',
      '2026-01-01',
      '--duration',
      '3600',
    ];
    const { code, stderr, stdout } = await runCli(late);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /the window starts after the end of the log; the log covers 2025-11-21T14:00:00/);
    assert.match(stderr, /gap: .* after the end of the log/);
    const inspected = await runCli(['inspect', output]);
    assert.equal(inspected.code, 0);
    assert.match(inspected.stdout, /records +0/);
    assert.match(inspected.stdout, /note: no records: the window starts after the end/);
    const catted = await runCli(['cat', output]);
    assert.deepEqual([catted.code, startsIn(catted.stdout)], [0, []]);
    const good = join(folder, 'good.ndjson');
    await writeFile(good, '{"start_ns":0,"path":"/"}\n');
    for (const source of [join(folder, 'oplog'), join(folder, 'all.trace.zst')]) {
      const args = [
        '--source',
        source,
        '--output',
        good,
        '--start',
        '2026-01-01',
        '--duration',
        '60',
        '--force',
      ];
      const forced = await runCli(['export', ...args]);
      assert.equal(forced.code, 1);
      assert.match(forced.stderr, /good\.ndjson stays as it was: there are no records to put in its place/);
      assert.equal(await readFile(good, 'utf8'), '{"start_ns":0,"path":"/"}\n');
    }
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });
});

test('a sample keeps whole sessions, counts what it leaves out, and is nested', async () => {
  await withTrace(async (_, trace) => {
    const half = await runCli(['filter', trace, '--sample', '50%', '--format', 'ndjson']);
    const kept = new Set(parseLines(half.stdout).flatMap((line) => line.session ?? []));
    assert.deepEqual(startsIn(half.stdout), startsOf(ALL.filter((r) => kept.has(r.session))));
    const sampledOut = parseLines(half.stdout).flatMap((line) => line.loss?.['records_sampled_out'] ?? []);
    assert.deepEqual(sampledOut, [1000 - startsIn(half.stdout).length]);
    assert.ok(kept.size > 0 && kept.size < 20);
    const twice = await runCli(['filter', '--sample', '0.2', '--format', 'ndjson'], { input: half.stdout });
    const once = await runCli(['filter', trace, '--sample', '0.2', '--format', 'ndjson']);
    assert.deepEqual(startsIn(twice.stdout), startsIn(once.stdout));
    const other = await runCli(['filter', trace, '--sample', '0.5', '--seed', '9', '--format', 'ndjson']);
    assert.notDeepEqual(startsIn(other.stdout), startsIn(half.stdout));
  });
});

test('a limit ends early, even where the pipe behind it goes on', async () => {
  await withTrace(async (_, trace) => {
    const limited = await runCli(['filter', trace, '--op', 'search', '--limit', '3', '--format', 'ndjson']);
    assert.deepEqual(startsIn(limited.stdout), startsOf(ALL.filter((r) => r.op === 'search').slice(0, 3)));
    assert.equal(limited.stderr, 'filter: kept 3, then the limit ended it\n');
    const window = await runCli(['filter', trace, '--from', '0', '--to', '300ms', '--op', 'search']);
    assert.equal(window.stderr, 'filter: kept 33 of 100 records in the window\n');
    const { stdout } = await runCli(['cat', trace, '--limit', '0']);
    assert.deepEqual(startsIn(stdout), []);

    const child = spawn(process.execPath, [MAIN, 'cat', '--limit', '2'], { env: cleanEnv() });
    const lines = Array.from(
      { length: 200 },
      (_, n) => `{"start_ns":${n},"op":"x","path":"/","session":"s"}\n`,
    );
    child.stdin.on('error', () => {});
    child.stdin.write(lines.join('').repeat(200)); // Never ended.
    child.stdout.resume();
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 0);
  });
});

test('a pipe that stays open keeps no failed command alive', async () => {
  await withFolder(async (folder) => {
    const taken = join(folder, 'taken.trace.zst');
    await writeFile(taken, '');
    const good = '{"start_ns":1,"op":"x","path":"/","session":"s"}\n';
    const cases: [string[], string, number][] = [
      [['filter', '--output', taken], good, 2],
      [['cat'], `${good.repeat(3)}{"start_ns":\n`, 1],
      [['inspect'], 'text\nand more text\n', 1],
    ];
    for (const [args, input, expected] of cases) {
      const child = spawn(process.execPath, [MAIN, ...args], { env: cleanEnv() });
      child.stdin.on('error', () => {});
      child.stdin.write(input); // Never ended.
      child.stdout.resume();
      assert.equal(await new Promise((resolve) => child.on('close', resolve)), expected, args.join(' '));
    }
  });
});

test('a full disk is told as such', async (t) => {
  const { existsSync } = await import('node:fs');
  if (!existsSync('/dev/full')) return t.skip('no /dev/full here');
  await withTrace(async (folder, trace) => {
    for (const args of [
      ['filter', trace, '--output', '/dev/full'],
      ['export', '--source', join(folder, 'oplog'), '--output', '/dev/full', '--force'],
    ]) {
      const { code, stderr } = await runCli(args);
      assert.deepEqual([code, stderr.split('\n').length], [1, 3], stderr);
      assert.match(stderr, /\/dev\/full: .*ENOSPC.*\n {2}The disk is full\./);
    }
  });
});

test('a reader that goes away ends cat quietly', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'long.ndjson');
    const line = `{"start_ns":1,"op":"x","path":"/${'p'.repeat(1000)}","session":"s"}\n`;
    await writeFile(path, line.repeat(5000));
    const child = spawn(process.execPath, [MAIN, 'cat', path], { env: cleanEnv() });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk));
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.deepEqual([code, stderr], [0, '']);
  });
});

test('inspect counts the same from the index as from the records', async () => {
  await withTrace(async (folder, trace) => {
    const ndjson = join(folder, 'all.ndjson');
    await runCli(['convert', trace, ndjson, '--quiet']);
    const fromIndex = JSON.parse((await runCli(['inspect', trace, '--json'])).stdout);
    const fromLines = JSON.parse((await runCli(['inspect', ndjson, '--json'])).stdout);
    const fromPipe = JSON.parse(
      (await runCli(['inspect', '--json'], { input: await readFile(trace) })).stdout,
    );
    assert.equal(fromIndex.counted_from, 'index');
    assert.equal(fromIndex.blocks, 5);
    for (const other of [fromLines, fromPipe]) {
      assert.equal(other.counted_from, 'records');
      for (const key of [
        'records',
        'ops',
        'spaces',
        'sessions',
        'protocols',
        'recorded',
        'window',
        'loss',
        'gaps',
        'inter_arrival_us',
      ]) {
        assert.deepEqual(other[key], fromIndex[key], key);
      }
      assert.deepEqual(other.timeline, fromIndex.timeline);
      assert.deepEqual(other.burstiness, fromIndex.burstiness);
    }
    assert.equal(fromIndex.records, 1000);
    assert.equal(fromIndex.sessions, 20);
    const recall = fromIndex.ops.find((op: { op: string }) => op.op === 'recall');
    const records = ALL.filter((r) => r.op === 'recall');
    assert.equal(recall.count, records.length);
    assert.equal(recall.failed, records.filter((r) => !r.outcome.ok).length);
    const mean = records.reduce((sum, r) => sum + (r.durationNs ?? 0), 0) / records.length / 1e6;
    assert.ok(Math.abs(recall.latency_ms.mean - mean) < 1e-6);
  });
});

test('inspect --record finds each record, and the block and position it is at', async () => {
  await withTrace(async (folder, trace) => {
    for (const number of [0, 199, 200, 999]) {
      const report = JSON.parse((await runCli(['inspect', trace, '--record', String(number)])).stdout);
      assert.equal(report.record.start_ns, ALL[number]?.startNs);
      assert.equal(report.place.block, Math.floor(number / 200));
      assert.equal(report.place.position, number % 200);
    }
    const behind = await runCli(['inspect', trace, '--record', '1000']);
    assert.equal(behind.code, 2);
    assert.match(behind.stderr, /there is no record 1000\n {2}It has 1000 records, numbered from 0/);

    const overlapping = join(folder, 'overlapping.trace.zst');
    const odd = ALL.slice(0, 20).filter((_, n) => n % 2 === 1);
    const even = ALL.slice(0, 20).filter((_, n) => n % 2 === 0);
    await writeOpLog(folder, [{ name: 'overlapping.trace.zst', blocks: [even, odd] }]);
    for (const number of [0, 7, 19]) {
      const report = JSON.parse((await runCli(['inspect', overlapping, '--record', String(number)])).stdout);
      assert.equal(report.record.start_ns, ALL[number]?.startNs);
      assert.deepEqual([report.place.block, report.place.position], [number % 2, Math.floor(number / 2)]);
    }
  });
});

test('the timeline shows a gap', async () => {
  await withFolder(async (folder) => {
    const records = [...Array(100).keys()].map((n) => makeRecord((n < 50 ? n : n + 400) * 10_000_000));
    await writeOpLog(folder, [{ name: 'gap.trace.zst', blocks: [records] }]);
    const { stdout, code } = await runCli(['inspect', '--timeline', join(folder, 'gap.trace.zst')]);
    const rows = (stdout.split('\n\n')[0] ?? '').split('\n').slice(1);
    assert.equal(code, 0);
    assert.ok(rows.length <= 60);
    assert.match(rows[0] ?? '', /█{50}/);
    assert.match(rows[Math.floor(rows.length / 2)] ?? '', / 0$/);
  });
});

test('an op log that is cut off: exported with a note, repaired, inspected', async () => {
  await withFolder(async (folder) => {
    const [segment = ''] = await writeOpLog(folder, [{ blocks: BLOCKS, finish: false }]);
    await truncate(segment, (await stat(segment)).size - 10);
    const inspected = await runCli(['inspect', segment]);
    assert.equal(inspected.code, 0);
    assert.match(inspected.stdout, /records +800 .*\n/);
    assert.match(inspected.stdout, /no index: counted from the records/);
    assert.match(inspected.stdout, /warning: .* is cut off/);

    const catted = await runCli(['cat', segment]);
    assert.deepEqual(startsIn(catted.stdout), startsOf(ALL.slice(0, 800)));
    assert.equal(catted.code, 1, 'what is missing shows in the exit code');
    assert.equal((await runCli(['cat', segment, '--skip-damaged'])).code, 0);

    const repaired = join(folder, 'repaired.bin');
    const repair = await runCli(['repair', segment, '--output', repaired]);
    assert.equal(repair.code, 0, repair.stderr);
    assert.match(repair.stderr, /800 records in 4 blocks/);
    assert.match(repair.stderr, /belong to a block that is not whole/);
    const notes = JSON.parse((await runCli(['inspect', repaired, '--json'])).stdout).notes.join();
    assert.match(notes, /was not closed: .*capture was killed/);
    const whole = join(folder, 'whole.bin');
    await runCli(['repair', repaired, '--output', whole]);
    const kept = JSON.parse((await runCli(['inspect', whole, '--json'])).stdout).notes.join();
    assert.equal(kept, notes, 'a file that was closed gets no such note, and keeps that of the first repair');
    const again = await runCli(['cat', repaired]);
    assert.deepEqual([again.code, again.stderr], [0, '']);
    assert.deepEqual(startsIn(again.stdout), startsOf(ALL.slice(0, 800)));

    const exported = await runCli([
      'export',
      '--source',
      folder,
      '--output',
      join(folder, 'out.trace.zst'),
      '--json',
    ]);
    assert.equal(exported.code, 0, exported.stderr);
    assert.equal(JSON.parse(exported.stdout).records, 800);
    assert.match(JSON.parse(exported.stdout).notes.join(), /was not closed/);
  });
});

test('an output that exists is refused before anything is read, and replaced with --force', async () => {
  await withTrace(async (folder, trace) => {
    const output = join(folder, 'taken.trace.zst');
    await writeFile(output, 'precious');
    const commands = [
      ['filter', trace, '--output', output],
      ['convert', trace, output],
      ['repair', trace, '--output', output],
      ['export', '--source', trace, '--output', output],
    ];
    for (const command of commands) {
      const { code, stderr } = await runCli(command);
      assert.equal(code, 2, command[0]);
      assert.match(stderr, /taken\.trace\.zst: the output exists already\n {2}Add --force/);
      assert.equal(await readFile(output, 'utf8'), 'precious');
    }
    for (const command of commands) {
      assert.equal((await runCli([...command, '--force'])).code, 0, command[0]);
      assert.equal(startsIn((await runCli(['cat', output])).stdout).length, 1000);
      await writeFile(output, 'precious');
    }
  });
});

test('what goes wrong half way leaves nothing behind', async () => {
  await withTrace(async (folder, trace) => {
    const broken = join(folder, 'broken.ndjson');
    const lines = (await runCli(['cat', trace])).stdout.split('\n');
    lines[500] = '{"start_ns": tomorrow}';
    await writeFile(broken, lines.join('\n'));
    const before = await readdir(folder);
    for (const command of [
      ['filter', broken, '--output'],
      ['convert', broken],
    ]) {
      const { code, stderr } = await runCli([...command, join(folder, 'half.trace.zst')]);
      assert.equal(code, 1);
      assert.match(stderr, /broken\.ndjson, line 501: /);
      assert.deepEqual(await readdir(folder), before);
    }
  });
});

test('an export of one trace says what is wrong with it, and ends with 1 unless that is known', async () => {
  await withTrace(async (folder, trace) => {
    await appendFile(trace, 'junk behind its end');
    const command = ['export', '--source', trace, '--force', '--output', join(folder, 'again.trace.zst')];
    const told = await runCli(command);
    assert.equal(told.code, 1);
    assert.match(told.stderr, /1,000 records/);
    assert.match(told.stderr, /warning: .*the last 19 bytes are not read/);
    const known = await runCli([...command, '--skip-damaged']);
    assert.equal(known.code, 0);
    assert.match(known.stderr, /warning: .*the last 19 bytes are not read/);
  });
});

test('a signal removes what is half written', async () => {
  await withFolder(async (folder) => {
    for (const [signal, expected] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const output = join(folder, 'half.trace.zst');
      const child = spawn(process.execPath, [MAIN, 'filter', '-', '--output', output], { env: cleanEnv() });
      child.stdin.write('{"start_ns":1,"op":"x","path":"/","session":"s"}\n');
      while (!(await readdir(folder)).some((name) => name.endsWith('.tmp')))
        await new Promise((r) => setTimeout(r, 20));
      child.kill(signal);
      const code = await new Promise((resolve) => child.on('close', resolve));
      assert.equal(code, expected);
      assert.deepEqual(await readdir(folder), []);
    }
  });
});

test('what is no trace is told with what it looks like', async () => {
  await withFolder(async (folder) => {
    const table: [string, string | Uint8Array, number, RegExp][] = [
      ['empty', '', 1, /empty: the file is empty/],
      ['text', 'hello\nworld\n', 1, /text: not a trace: it looks like text/],
      ['gzip', new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), 1, /the gzip can't be unpacked/],
      ['noise', new Uint8Array([7, 0, 1, 2, 3, 255, 254]), 1, /not a trace/],
      ['newer', '{"header":{"format_version":99}}\n', 1, /newer/],
    ];
    for (const [name, content, expected, message] of table) {
      await writeFile(join(folder, name), content);
      const commands = name === 'text' ? ['cat', 'inspect', 'filter'] : ['cat'];
      const results = await Promise.all(commands.map((command) => runCli([command, join(folder, name)])));
      for (const [number, { code, stdout, stderr }] of results.entries()) {
        const command = commands[number];
        assert.deepEqual([code, stdout], [expected, ''], `${command} ${name}`);
        assert.match(stderr, message);
        assert.ok(stderr.split('\n').length <= 3, stderr);
        assert.doesNotMatch(stderr, /^\s+at /m);
      }
      const piped = await runCli(['cat'], { input: content });
      assert.equal(piped.code, expected, `piped ${name}`);
    }
    const missing = await runCli(['inspect', join(folder, 'nowhere')]);
    assert.deepEqual([missing.code, missing.stdout], [1, '']);
    assert.match(missing.stderr, /nowhere: there is no such file/);
    const asFolder = await runCli(['cat', folder]);
    assert.match(
      asFolder.stderr,
      /it is a folder\n {2}A folder of segments becomes a trace by `engram-trace export`/,
    );
  });
});

test('a damaged block stops a command, and is counted with --skip-damaged', async () => {
  await withTrace(async (folder, trace) => {
    const bytes = await readFile(trace);
    const report = JSON.parse((await runCli(['inspect', trace, '--record', '250'])).stdout);
    const damaged = join(folder, 'damaged.trace.zst');
    bytes[report.place.offset_bytes + 100] = (bytes[report.place.offset_bytes + 100] ?? 0) ^ 0xff;
    await writeFile(damaged, bytes);
    const stopped = await runCli(['filter', damaged, '--output', join(folder, 'x.trace.zst')]);
    assert.equal(stopped.code, 1);
    assert.match(stopped.stderr, /damaged\.trace\.zst, block 1 at byte \d+.*damaged/);
    assert.ok(!(await readdir(folder)).includes('x.trace.zst'));
    const skipped = await runCli(['filter', damaged, '--skip-damaged', '--format', 'ndjson']);
    assert.equal(skipped.code, 0, skipped.stderr);
    const expected = [...ALL.slice(0, 200), ...ALL.slice(400)];
    assert.deepEqual(startsIn(skipped.stdout), startsOf(expected));
    const losses = parseLines(skipped.stdout)
      .map((line) => line.loss)
      .filter((loss) => loss !== undefined);
    assert.deepEqual(losses, [{ blocks_damaged: 1, records_damaged: 200 }]);
    assert.equal((await runCli(['inspect', damaged])).code, 0, 'the index is whole');
  });
});

test('a trace is never mixed with anything on stdout', async () => {
  await withTrace(async (folder) => {
    const both = await runCli(['export', '--source', join(folder, 'oplog'), '--output', '-', '--json']);
    assert.deepEqual([both.code, both.stdout], [2, '']);
    const piped = await runCli(['export', '--source', join(folder, 'oplog'), '--output', '-']);
    assert.equal(startsIn((await runCli(['cat'], { input: piped.stdoutBytes })).stdout).length, 1000);
    const name = join(folder, 'x.ndjson');
    const ndjson = await runCli(['export', '--source', join(folder, 'oplog'), '--output', name]);
    assert.deepEqual([ndjson.code, ndjson.stdout], [0, '']);
    assert.equal(startsIn(await readFile(name, 'utf8')).length, 1000);
  });
});

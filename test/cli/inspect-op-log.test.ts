import assert from 'node:assert/strict';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeOpLog } from '../sources/make-op-log.ts';
import { withFolder } from '../support/folders.ts';
import { runCli } from './run-cli.ts';
import { BLOCKS } from './trace-support.ts';

test('an op log is inspected without an export, whatever became of its segments', async () => {
  await withFolder(async (folder) => {
    const oplog = join(folder, 'oplog');
    await mkdir(oplog);
    const [, cut] = await writeOpLog(oplog, [{ blocks: BLOCKS.slice(0, 3) }, { blocks: BLOCKS.slice(3) }]);
    const whole = await runCli(['inspect', oplog, '--json']);
    assert.deepEqual([whole.code, whole.stderr], [0, '']);
    const trace = join(folder, 'all.trace.zst');
    assert.equal((await runCli(['export', '--source', oplog, '--output', trace, '--quiet'])).code, 0);
    const same = ({
      records,
      ops,
      spaces,
      sessions,
      timeline,
      loss,
      gaps,
      window,
      inter_arrival_us,
    }: never) => ({ records, ops, spaces, sessions, timeline, loss, gaps, window, inter_arrival_us });
    const exported = JSON.parse((await runCli(['inspect', trace, '--json'])).stdout);
    const { busiest, ...summary } = JSON.parse(whole.stdout);
    assert.deepEqual(same(summary as never), same(exported as never));
    assert.deepEqual([summary.format, summary.records], ['op log', 1000]);

    // The line it gives for the busiest window cuts out what it says.
    const { command, records } = busiest[0].windows[0];
    const args = command.split(' ').slice(1);
    const report = await runCli([...args, '--output', join(folder, 'peak.trace.zst'), '--json']);
    assert.deepEqual([report.code, JSON.parse(report.stdout).records], [0, records]);

    const timeline = await runCli(['inspect', oplog, '--timeline']);
    assert.match(timeline.stdout, /^from \(UTC\) +from \(s\)/);
    assert.match(timeline.stdout, /^2025-11-21 \d\d:\d\d:\d\d\.\d{3} +0\.00 /m);
    assert.match(timeline.stdout, /^busiest 1 s \(UTC\) +count +per s +cut out by$/m);

    const bytes = await readFile(cut as string);
    await truncate(cut as string, Math.floor(bytes.length * 0.6));
    await writeFile(join(oplog, 'oplog-20251121T140000Z-a-2.trace.zst'), 'no trace');
    const damaged = await runCli(['inspect', oplog]);
    assert.equal(damaged.code, 0, damaged.stderr);
    assert.match(damaged.stdout, /segments incomplete/);
    assert.match(damaged.stdout, /^note: segment oplog-.*a-2\.trace\.zst was left out/m);
    assert.match(damaged.stdout, /^note: segment oplog-.*a-1\.trace\.zst .*(cut off|not closed)/m);

    const record = await runCli(['inspect', oplog, '--record', '1']);
    assert.equal(record.code, 2);
    assert.match(record.stderr, /--record is for a trace.*\n.*export --source/);
  });
});

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseTime } from '../../src/cli/flags/parse-time.ts';
import { makeRecord, SECOND, writeOpLog } from '../sources/make-op-log.ts';
import { withFolder } from '../support/folders.ts';
import { startServer } from './replay-support.ts';
import { runCli } from './run-cli.ts';

const EXPORT = [
  'export',
  ...['--start', '2025-10-27T00:00:00Z', '--duration', '3600'],
  ...['--output', 'traces/prod_trace_2025-10-27.json'],
];
const REPLAY = [
  'replay',
  ...['--trace', 'traces/prod_trace_2025-10-27.json', '--rate-multiplier', '1.0'],
  ...['--output', 'results/prod_replay_1x.json'],
];
const SHORTEST_EXPORT = ['export', '--start', '2025-10-27T00:00:00Z', '--duration', '3600'];
const SHORTEST_REPLAY = ['replay', '--rate-multiplier', '2.0'];

const PLAYED = 6;

/** What capture leaves by default: records around midnight, half of them in the hour asked for. */
async function recordAroundMidnight(folder: string): Promise<void> {
  const oplog = join(folder, 'oplog');
  await mkdir(oplog);
  const epochUnixNs = parseTime('2025-10-26T23:59:00Z', 0n);
  const at = (secs: number) => makeRecord(secs * SECOND);
  const before = [10, 20, 30].map(at);
  const inside = [70, 70.02, 70.04, 70.06, 70.08, 70.1].map(at);
  const after = [60 + 3600, 60 + 3700].map(at);
  await writeOpLog(oplog, [{ header: { epochUnixNs }, blocks: [before, inside, after] }]);
}

test('the lines of the capacity guide work as written, from a folder that holds nothing but the op log', async () => {
  const server = await startServer((_, response) => response.end('{}'));
  try {
    await withFolder(async (folder) => {
      await recordAroundMidnight(folder);
      const env = { ENGRAM_TRACE_ENDPOINT: server.url };
      const line = (args: string[]) => runCli(args, { cwd: folder, env });

      const exported = await line(EXPORT);
      assert.equal(exported.code, 0, exported.stderr);
      assert.match(exported.stderr, /prod_trace_2025-10-27\.json holds NDJSON, .*\.trace\.zst is smaller\n/);
      assert.match(exported.stderr, /export: traces\/prod_trace_2025-10-27\.json: 6 records/);

      const replayed = await line(REPLAY);
      assert.ok([0, 98].includes(replayed.code ?? -1), replayed.stderr);
      const document = JSON.parse(await readFile(join(folder, 'results/prod_replay_1x.json'), 'utf8'));
      assert.deepEqual([document.operations.total, document.operations.successful], [PLAYED, PLAYED]);
      assert.equal(document.plan.options.rate_multiplier, 1);

      const shortest = await line(SHORTEST_EXPORT);
      assert.equal(shortest.code, 0, shortest.stderr);
      assert.doesNotMatch(shortest.stderr, /NDJSON/);
      assert.match(shortest.stderr, /export: traces\/2025-10-27T00-00-00Z\.trace\.zst: 6 records/);

      const empty = await line(['export', '--start', '2020-01-01T00:00:00Z', '--duration', '10']);
      assert.equal(empty.code, 1, empty.stderr);
      assert.match(empty.stderr, /oplog: no records: the window ends before the log begins; the log covers/);
      const traces = await readdir(join(folder, 'traces'));
      assert.ok(!traces.some((name) => name.startsWith('2020')), 'replay would take it as the newest');

      const faster = await line(SHORTEST_REPLAY);
      assert.ok([0, 98].includes(faster.code ?? -1), faster.stderr);
      assert.match(faster.stderr, /taking traces\/2025-10-27T00-00-00Z\.trace\.zst, the newest there\n/);
      const { plan, operations } = JSON.parse(faster.stdout);
      assert.deepEqual([plan.options.rate_multiplier, operations.successful], [2, PLAYED]);

      assert.equal(server.requests.length, 2 * PLAYED);
      assert.deepEqual((await readdir(folder)).sort(), ['oplog', 'results', 'traces']);
      assert.deepEqual(await readdir(join(folder, 'results')), ['prod_replay_1x.json']);
    });
  } finally {
    await server.close();
  }
});

test('where capture and replay find nothing yet, they say what makes it', async () => {
  await withFolder(async (folder) => {
    const noLog = await runCli(SHORTEST_EXPORT, { cwd: folder });
    assert.equal(noLog.code, 1);
    assert.match(noLog.stderr, /oplog: there is no such folder\n {2}engram-trace capture writes there/);
    const noTrace = await runCli(SHORTEST_REPLAY, { cwd: folder });
    assert.equal(noTrace.code, 2);
    assert.match(noTrace.stderr, /no trace is named, and there is none in traces\/\n.*export writes one/);
    assert.deepEqual(await readdir(folder), []);
    for (const command of ['capture', 'export', 'replay', 'calibrate']) {
      const help = (await runCli([command, '--help'])).stdout.replaceAll(/\s+/g, ' ');
      assert.match(
        help,
        { capture: /"oplog"/, export: /"oplog".*traces\/START\.trace\.zst/ }[command] ??
          /newest trace in traces\//,
      );
    }
  });
});

test('replay takes what people write: an argument, 2x, 200%, a part by time or count, for ever', async () => {
  await withFolder(async (folder) => {
    await recordAroundMidnight(folder);
    const env = { ENGRAM_TRACE_ENDPOINT: ':9' };
    const line = (...args: string[]) => runCli(args, { cwd: folder, env });
    await line(...SHORTEST_EXPORT, '-o', 't.trace.zst', '--duration', '7200');
    await line('convert', 't.trace.zst', 't.ndjson', '--quiet');
    const plan = async (...args: string[]) => {
      const { code, stdout, stderr } = await line('replay', '--dry-run', '--json', ...args);
      assert.equal(code, 0, stderr);
      const { operations, duration_secs, passes } = JSON.parse(stdout);
      return { operations, duration_secs, passes };
    };
    for (const trace of ['t.trace.zst', 't.ndjson']) {
      const whole = await plan('--trace', trace);
      assert.equal(whole.operations, 8);
      assert.deepEqual(await plan(trace), whole);
      for (const twice of ['2', '2x', '200%']) {
        const { duration_secs } = await plan(trace, '--rate-multiplier', twice);
        assert.equal(duration_secs, whole.duration_secs / 2, twice);
      }
      assert.equal((await plan(trace, '--limit', '3')).operations, 3);
      assert.equal((await plan(trace, '--limit', '3', '--loop', '2')).operations, 6);
      assert.equal((await plan(trace, '--duration', '50ms')).operations, 3);
      assert.equal((await plan(trace, '--from', '10.05', '--duration', '50ms')).operations, 2);
      const forever = await plan(trace, '--loop', 'forever');
      assert.deepEqual(forever, { operations: null, duration_secs: null, passes: null });
    }
    const words = await line('replay', 't.ndjson', '--dry-run', '--loop', 'forever');
    assert.match(words.stdout, /operations {2}without end.*\nduration {4}until it is stopped/);
    const [zone, epoch] = [
      await line('replay', 't.ndjson', '--dry-run', '--from', '2025-10-27 00:00:11'),
      await line('replay', 't.ndjson', '--dry-run', '--from', '1761523211'),
    ];
    assert.match(zone.stderr, /--from: 2025-10-27 00:00:11 names no zone and is taken as UTC\n/);
    assert.match(
      epoch.stderr,
      /--from: 1761523211 is the Unix time \(seconds\) of 2025-10-27T00:00:11\.000Z\n/,
    );
    assert.equal(zone.stdout, epoch.stdout);
    const both = await line('replay', 't.ndjson', '--dry-run', '--to', '5', '--duration', '5');
    assert.deepEqual([both.code, /cannot be used with/.test(both.stderr)], [2, true]);
    const two = await line('replay', 't.ndjson', '--trace', 't.trace.zst', '--dry-run');
    assert.match(two.stderr, /two traces are named/);
  });
});

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDevServer } from '../../src/dev-server/dev-server.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { validated } from '../results/support.ts';
import { withFolder } from '../support/folders.ts';
import { runCli } from './run-cli.ts';

const documentIn = async (path: string): Promise<ResultsDocument> =>
  validated(JSON.parse(await readFile(path, 'utf8')) as ResultsDocument);

test('clients of a build cache wait for their answers; the document says so, and names the open loop', async () => {
  const server = await createDevServer();
  try {
    await withFolder(async (folder) => {
      const [output, log] = [join(folder, 'results', 'results.json'), join(folder, 'run.log')];
      const target = ['--endpoint', `127.0.0.1:${server.httpPort}`];
      const guide = ['--clients', '5', '--duration', '60', '--requests', '40', '--hit-rate', '0.75'];
      const files = ['--output', output, '--replay-log', log];
      const closed = await runCli(['run', ...guide, '--think', '1ms', ...files, ...target]);
      // A busy machine may void it; what it did is the same.
      assert.ok(closed.code === 0 || closed.code === 98, closed.stderr);
      const document = await documentIn(output);
      const { closed_loop, operations, cache, latency, service_latency, fidelity, plan, notes } = document;
      assert.equal(closed_loop, true);
      assert.deepEqual([operations.total, operations.failed], [200, 0]);
      assert.deepEqual(Object.keys(operations.ops), ['get', 'put']);
      assert.ok(Math.abs((cache.hit_rate_percent ?? 0) - 75) < 2, `${cache.hit_rate_percent}`);
      assert.deepEqual(latency.overall, service_latency.overall);
      assert.ok(fidelity.engine.max_in_flight <= 5);
      assert.deepEqual(
        [plan.options['clients'], plan.options['think'], plan.options['timing'], plan.seed],
        [5, '1ms', 'clients', 1],
      );
      const { checks, logDamage } = await verifyReplay(log, document);
      assert.deepEqual([...logDamage, ...checks.filter(({ agrees }) => !agrees)], []);

      assert.match(closed.stderr, /^note: 5 clients waited for their answers/m);
      const command = /engram-trace (run --target-rate .*)$/.exec(notes.join('\n'))?.[1]?.split(' ') ?? [];
      const rate = Number(command[2]);
      assert.ok(rate > 0);
      const second = command.map((word, i) => (command[i - 1] === '--duration' ? '0.5' : word));
      assert.ok(second.includes('--endpoint'), 'it names the target');
      const open = await runCli([...second, '--output', output, '--force']);
      assert.ok(open.code === 0 || open.code === 98, open.stderr);
      const openDocument = await documentIn(output);
      assert.equal(openDocument.closed_loop, false);
      const { planned } = openDocument.fidelity.accounting;
      assert.ok(Math.abs(planned - rate / 2) < 6 * Math.sqrt(rate / 2) + 5, `${planned} of ${rate / 2}`);
    });
  } finally {
    await server.close();
  }
});

test('a scenario of clients by its name: flags change it, its limits are checked, and the guide finds its numbers', async () => {
  const server = await createDevServer();
  try {
    await withFolder(async (folder) => {
      const output = join(folder, 'results.json');
      const flags = ['--requests', '20', '--think', '1ms', '--hit-rate', '0.5', '--output', output];
      const target = ['--endpoint', `127.0.0.1:${server.httpPort}`];
      const run = await runCli(['run', '--scenario', 'scenarios/light.toml', ...flags, ...target], {
        cwd: folder,
      });
      // A busy machine may void it, or be too slow for it.
      assert.ok([0, 98, 99].includes(run.code ?? -1), run.stderr);
      assert.match(run.stderr, /there is no scenarios\/light\.toml: taking the shipped scenario/);
      const document = await documentIn(output);
      const { operations, latency, cache, plan, checks } = document;
      assert.deepEqual(
        [plan.options['clients'], plan.options['requests'], plan.options['duration_secs']],
        [5, 20, 30],
      );
      assert.deepEqual(
        checks.map(({ expr }) => expr),
        [
          'latency.overall.p95 <= 500',
          'summary.error_rate <= 0.05',
          'cache.hit_rate_percent >= 45',
          'cache.hit_rate_percent <= 55',
        ],
      );
      // As the guide reads them: jq '.operations, .latency, .cache', and beside those the throughput and the time.
      assert.deepEqual([operations.total, operations.successful, operations.failed], [100, 100, 0]);
      const { min_ms, avg_ms, p50_ms, p95_ms, p99_ms, max_ms, overall } = latency;
      const ordered = [min_ms, p50_ms, p95_ms, p99_ms, max_ms].map(Number);
      assert.deepEqual(
        [...ordered].sort((a, b) => a - b),
        ordered,
      );
      assert.deepEqual([avg_ms, p95_ms], [overall.mean, overall.p95]);
      assert.equal((cache.hits ?? 0) + (cache.misses ?? 0), operations.ops['get']?.total);
      assert.ok(Math.abs((cache.hit_rate_percent ?? 0) - 50) < 2);
      assert.ok((document.throughput_ops_per_sec ?? 0) > 0 && !Number.isNaN(Date.parse(document.timestamp)));
    });
  } finally {
    await server.close();
  }
});

test('a scenario is sent by clients, over several threads, and the document says what held', async () => {
  const server = await createDevServer();
  try {
    await withFolder(async (folder) => {
      const [file, output, log] = ['own.toml', 'results.json', 'run.log'].map((name) => join(folder, name));
      await writeFile(
        file as string,
        `name = "own"
protocol = "mixed"
[arrival]
pattern = "constant"
rate = 1000
[operations]
store_weight = 0.5
recall_weight = 0.5
embedding_search_weight = 0
[data]
num_nodes = 10
embedding_dim = 768
memory_spaces = 1
[validation]
expected_throughput_ops_sec = 1000
max_error_rate = 0.0
`,
      );
      const target = [
        ...['--endpoint', `127.0.0.1:${server.httpPort}`],
        ...['--grpc-endpoint', `127.0.0.1:${server.grpcPort}`],
      ];
      const clients = ['--clients', '6', '--requests', '20', '--think', '1ms', '--senders', '2'];
      const files = ['--output', output as string, '--replay-log', log as string];
      const ran = await runCli(['run', '--scenario', file as string, ...clients, ...files, ...target]);
      assert.ok(ran.code === 0 || ran.code === 98, ran.stderr);
      const document = await documentIn(output as string);
      const { closed_loop, operations, fidelity, plan, preload, checks, notes, target: sentTo } = document;
      assert.deepEqual([closed_loop, operations.total, operations.failed], [true, 120, 0]);
      assert.deepEqual(Object.keys(operations.ops).sort(), ['recall', 'remember']);
      assert.ok(fidelity.engine.max_in_flight <= 6);
      assert.deepEqual([plan.options['clients'], plan.options['senders']], [6, 2]);
      assert.equal(preload?.stored, 10);
      assert.ok(sentTo.http !== null && sentTo.grpc !== null);
      assert.deepEqual(
        checks?.map(({ expr, pass }) => [expr, pass]),
        [['summary.error_rate <= 0', true]],
      );
      assert.match(notes.join('\n'), /throughput limit \(1000 a second\) are not used/);
      assert.match(
        notes.join('\n'),
        /run --scenario \S+own\.toml --target-rate \S+ --duration \S+ --seed 1 --endpoint/,
      );
      const verification = await verifyReplay(log as string, document);
      assert.deepEqual(
        verification.checks.filter(({ agrees }) => !agrees),
        [],
      );
    });
  } finally {
    await server.close();
  }
});

test('a load that makes no sense is refused, and nothing is sent', async () => {
  for (const [args, message] of [
    [['--hit-rate', '1.2'], /'1.2' is not a ratio from 0 to 1/],
    [['--clients', '0'], /has to be at least 1/],
    [['--clients', '90000'], /clients: 1 to 50000/],
    [['--duration', '0'], /--duration: '0' has to be longer than 0/],
    [['--target-rate', '1e9'], /not a number above 0/],
    [['--target-rate', 'NaN'], /not a number above 0/],
    [['--artifact-size', '0'], /artifact size: 1 byte to 64 MiB, not 0 bytes/],
    [['--think', 'often'], /--think: "often" is not a duration/],
    [['--target-rate', '10', '--think', '1s'], /--think is for clients that wait/],
    [['--cliens', '5'], /--clients/],
    [['light', '--hit-rate', '1.2'], /'1.2' is not a ratio from 0 to 1/],
    [['light', '--target-rate', '10', '--think', '1s'], /--think is for clients that wait/],
    [['light', '--shard', '0/2'], /--shard is not for light/],
    [['light', '--scenario', 'heavy'], /two scenarios are named/],
    [['burst_traffic', '--requests', '5'], /--requests is for clients that wait/],
    [['burst_traffic', '--clients', '5', '--target-rate', '5'], /--target-rate is for a plan with due times/],
    [['burst_traffic', '--clients', '5', '--dry-run'], /--dry-run is for a plan with due times/],
    [['burst_traffic', '--clients', '5', '--hit-rate', '0.5'], /--hit-rate is for run without a scenario/],
  ] as const) {
    const refused = await runCli(['run', ...args, '--endpoint', '127.0.0.1:9']);
    assert.deepEqual([refused.code, refused.stdout], [2, ''], args.join(' '));
    assert.match(refused.stderr, message);
  }
});

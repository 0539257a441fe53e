import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFolder } from '../support/folders.ts';
import { PLAIN } from '../workload/support.ts';
import { startServer } from './replay-support.ts';
import { runCli } from './run-cli.ts';

const RUN = [
  ...['--scenario', 'scenarios/mixed_balanced.toml', '--target-rate', '40', '--duration', '1'],
  ...['--seed', '5'],
];

/** On a busy machine a run may be invalid, or miss the limits of its scenario. */
const MEASURED = [0, 98, 99];

/** A server that takes everything and keeps what it was asked, sorted. */
async function startListener() {
  const heard: string[] = [];
  const server = await startServer((request, response) => {
    const hash = createHash('sha256');
    request.on('data', (chunk: Buffer) => hash.update(chunk));
    request.on('end', () => {
      heard.push(`${request.method} ${request.url} ${request.headers['content-type']} ${hash.digest('hex')}`);
      response.end('{}');
    });
  });
  const takeHeard = (): string[] => heard.splice(0).sort();
  return { ...server, takeHeard };
}

test('run sends what generate writes and replay plays, from an empty folder and however many threads send', async () => {
  const server = await startListener();
  try {
    await withFolder(async (folder) => {
      const line = (...args: string[]) =>
        runCli(args, { cwd: folder, env: { ENGRAM_TRACE_ENDPOINT: server.url } });
      const read = async (file: string) => JSON.parse(await readFile(join(folder, file), 'utf8'));

      const run = await line('run', ...RUN, '--output', 'results/baseline_smoke.json');
      assert.ok(MEASURED.includes(run.code ?? -1), run.stderr);
      assert.match(
        run.stderr,
        /there is no scenarios\/mixed_balanced\.toml: taking the shipped scenario \S+\n/,
      );
      assert.match(run.stderr, /no memories are stored first: the target does not say/);
      assert.match(run.stderr, /Mixed Balanced Load: constant, 40 a second, 1 s, seed 5\n/);
      const results = await read('results/baseline_smoke.json');
      assert.deepEqual([results.operations.total, results.summary.error_rate], [40, 0]);
      assert.ok('p99' in results.latency.overall);
      const sent = server.takeHeard().filter((line) => !line.includes('tier=all'));
      assert.equal(sent.length, 40);

      const generated = await line('generate', ...RUN, '--output', 't.trace.zst');
      assert.equal(generated.code, 0, generated.stderr);
      assert.match(generated.stderr, /generate: 40 records written to t\.trace\.zst\n/);
      const replayed = await line('replay', 't.trace.zst', '--output', 'replayed.json');
      assert.ok([0, 98].includes(replayed.code ?? -1), replayed.stderr);
      assert.deepEqual(
        server.takeHeard().filter((line) => !line.includes('tier=all')),
        sent,
      );
      assert.equal((await read('replayed.json')).plan.trace.digest, results.plan.trace.digest);

      const threads = await line('run', ...RUN, '--senders', '3', '--output', 'three.json');
      assert.ok(MEASURED.includes(threads.code ?? -1), threads.stderr);
      assert.deepEqual(
        server.takeHeard().filter((line) => !line.includes('tier=all')),
        sent,
      );
      assert.equal((await read('three.json')).plan.trace.digest, results.plan.trace.digest);
    });
  } finally {
    await server.close();
  }
});

/** What of a command line is wrong, and what has to be said. */
const BAD: [args: string[], said: RegExp][] = [
  [['generate'], /no scenario is named .*engram-trace scenarios/],
  [['run', 'soak', '--no-preload', '--preload-anyway'], /--preload-anyway is about a preload/],
  [['run', 'soak', '--clients', '5', '--target-rate', '9'], /--target-rate is for a plan with due times/],
  [['run', 'soak', '--think', '1s'], /--think is for clients that wait .*Add --clients N/],
  [
    ['run', 'soak', '--hit-rate', '0.5'],
    /--hit-rate is for run without a scenario .*clients of a build cache/,
  ],
  [['run', 'soak', '--duration', '0'], /--duration: '0' has to be longer than 0/],
  [['run', 'soak', '--seed', '-1'], /--seed: '-1' is not a whole number/],
  [['run', '.'], /this is a folder.*Name a file in it/],
  [['run', '--order', 'open'], /--order is for run with a scenario/],
  [['run', 'mixed_blanced'], /there is no scenario 'mixed_blanced' .*Did you mean mixed_balanced/],
  [['run', 'nowhere/at_all.toml'], /no such file/],
  [['run', 'soak', '--target-rate', '0'], /'0' is not a number above 0/],
  [['run', 'soak', '--target-rate', '1e9'], /'1e9' is not a number above 0/],
  [['run', 'soak', '--target-rate', 'fast'], /--target-rate: 'fast' is not a number above 0/],
  [['run', 'staged.toml', '--target-rate', '10'], /has stages/],
  [['run', 'broken.toml'], /num_nodez is no key/],
  [['run', 'soak', '--rate-multiplier', '2'], /unknown flag '--rate-multiplier'/],
  [['generate', 'broken.toml'], /broken\.toml.*num_nodez/],
  [['run', 'grpc.toml'], /operations of scenario Plain are gRPC, and no target for them was named/],
];

test('what is wrong with a scenario or its flags ends with 2, before anything is sent or written', async () => {
  const server = await startListener();
  try {
    await withFolder(async (folder) => {
      const arrival = /pattern = "constant"\nrate = 100\.0/;
      await writeFile(
        join(folder, 'staged.toml'),
        PLAIN.replace(arrival, 'pattern = "steps"\nstages = [{ duration_sec = 2, rate = 10 }]'),
      );
      await writeFile(join(folder, 'broken.toml'), PLAIN.replace('num_nodes', 'num_nodez = 1\nnum_nodes'));
      await writeFile(join(folder, 'grpc.toml'), `protocol = "grpc"\n${PLAIN}`);
      for (const [args, said] of BAD) {
        const output = ['--output', 'x.json'];
        const env = args[0] === 'run' ? { ENGRAM_TRACE_ENDPOINT: server.url } : {};
        const { code, stderr } = await runCli([...args, ...output], { cwd: folder, env });
        assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
        assert.match(stderr.replaceAll('\n', ' '), said);
        assert.ok(!existsSync(join(folder, 'x.json')), args.join(' '));
      }
      assert.deepEqual(server.takeHeard(), []);
    });
  } finally {
    await server.close();
  }
});

test('scenarios lists what comes with the program, as a table, as JSON, or the file of one', async () => {
  const table = await runCli(['scenarios']);
  assert.match(table.stdout, /^name .*\n(.*\n)*mixed_balanced +10000 /);
  const facts = JSON.parse((await runCli(['scenarios', '--json'])).stdout) as {
    name: string;
    rate_per_sec: number;
  }[];
  assert.ok(facts.some(({ name, rate_per_sec }) => name === 'burst_traffic' && rate_per_sec === 4800));
  const file = await runCli(['scenarios', 'mixed_balanced']);
  assert.match(file.stdout, /^# .*\n(.*\n)*\[validation\]/);
});

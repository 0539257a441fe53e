import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDevServer } from '../../src/dev-server/dev-server.ts';
import type { SuiteDocument } from '../../src/suite/suite-document.ts';
import { validatedSuite } from '../suite/support.ts';
import { withFolder } from '../support/folders.ts';
import { PLAIN } from '../workload/support.ts';
import { start, startServer } from './replay-support.ts';
import { runCli } from './run-cli.ts';

const SUITE = `
name = "Small"
cool_down = "10ms"

[[runs]]
name = "cache"
clients = 2
requests = 4
think = "0ms"

[[runs]]
name = "memories"
scenario = "own.toml"
target_rate = 30
duration = 0.2
preload = false

[[runs]]
name = "waiting"
scenario = "own.toml"
clients = 2
requests = 3
think = "0ms"
preload = false
`;

const documentIn = async (path: string): Promise<SuiteDocument> =>
  validatedSuite(JSON.parse(await readFile(path, 'utf8')));

test('a suite runs its list, writes one document, and goes on where it stopped', async () => {
  const server = await createDevServer();
  try {
    await withFolder(async (folder) => {
      await writeFile(join(folder, 'own.toml'), PLAIN);
      await writeFile(join(folder, 'small.toml'), SUITE);
      const output = join(folder, 'out', 'small.json');
      const targets = [
        ...['--endpoint', `127.0.0.1:${server.httpPort}`],
        ...['--grpc-endpoint', `127.0.0.1:${server.grpcPort}`],
      ];
      const suite = (...args: string[]) =>
        runCli(['suite', 'small.toml', ...targets, '--output', output, ...args], {
          cwd: folder,
        });
      // A busy machine may void a run, or be too slow for its limits.
      const measured = [0, 98, 99];

      const first = await suite('--only', 'cache');
      assert.ok(measured.includes(first.code ?? -1), first.stderr);
      assert.equal(first.stdout, '');
      assert.match(first.stderr, /^engram-trace: run 1 of 3: cache: 2 clients, at most 1 min 00 s$/m);
      assert.match(
        first.stderr,
        /^cache +2 clients +8 +0 .*\nmemories +30\/s .* not run +-\nwaiting +2 clients .* not run +-$/m,
      );
      assert.match(first.stderr, /cache: 8 operations, 0 failed, \w+, limits/, 'eight carry no p99');
      const begun = await documentIn(output);
      assert.deepEqual(
        begun.runs.map(({ status }) => status),
        ['done', 'not_run', 'not_run'],
      );
      assert.equal(begun.runs[0]?.results?.closed_loop, true);

      const exists = await suite();
      assert.deepEqual([exists.code, /exists already/.test(exists.stderr)], [2, true]);
      const second = await suite('--resume');
      assert.ok(measured.includes(second.code ?? -1), second.stderr);
      assert.match(second.stderr, /^engram-trace: done before: cache$/m);
      assert.doesNotMatch(second.stderr, /run 1 of 3/);
      const whole = await documentIn(output);
      assert.deepEqual(whole.runs[0], begun.runs[0]);
      const notes = begun.runs[0]?.results?.notes.join() ?? '';
      assert.match(notes, /run --target-rate .* --endpoint/);
      assert.doesNotMatch(notes, /grpc/, 'a build cache speaks HTTP alone: run refuses it');
      const { operations, checks, plan } = whole.runs[1]?.results ?? {};
      assert.deepEqual([operations?.total, operations?.failed, plan?.seed], [6, 0, 1]);
      assert.equal(checks?.length, 3);
      const waiting = whole.runs[2]?.results;
      assert.deepEqual([waiting?.closed_loop, waiting?.operations.total], [true, 6]);

      // The file of a scenario is part of its run.
      await writeFile(join(folder, 'own.toml'), PLAIN.replace('store_weight = 40.0', 'store_weight = 41.0'));
      const changed = await suite('--resume');
      assert.equal(changed.code, 2);
      assert.match(changed.stderr, /small\.json: the run 'memories' has changed since it was run/);
      assert.deepEqual(await documentIn(output), whole);
    });
  } finally {
    await server.close();
  }
});

test('a target that is down is told in the row of every run, and the suite goes on', async () => {
  await withFolder(async (folder) => {
    await writeFile(join(folder, 'own.toml'), PLAIN);
    await writeFile(join(folder, 'small.toml'), SUITE);
    const args = ['suite', 'small.toml', '--endpoint', '127.0.0.1:9', '--output', 'down.json'];
    const { code, stderr } = await runCli(args, { cwd: folder });
    assert.equal(code, 1);
    const { runs } = await documentIn(join(folder, 'down.json'));
    assert.deepEqual(
      runs.map(({ status, error, results }) => [status, error?.code, results]),
      [
        ['failed', 'target', null],
        ['failed', 'target', null],
        ['failed', 'target', null],
      ],
    );
    assert.match(stderr, /^memories: .*127\.0\.0\.1:9/m);
  });
});

test('what is wrong with a suite or its flags ends with 2, before anything is sent or written', async () => {
  const heard: string[] = [];
  const server = await startServer((request, response) => {
    heard.push(request.url ?? '');
    response.end();
  });
  try {
    await withFolder(async (folder) => {
      await writeFile(join(folder, 'small.toml'), SUITE.replace('own.toml', 'gone.toml'));
      await writeFile(join(folder, 'own.toml'), `protocol = "grpc"\n${PLAIN}`);
      await writeFile(join(folder, 'grpc.toml'), SUITE);
      await writeFile(join(folder, 'mine.toml'), 'name = "Mine"\n[clients]\ncount = 1');
      for (const [args, said] of [
        [['suite', 'small.toml'], /runs\[1\]\.scenario can't be run: .*gone\.toml/],
        [['suite', 'grpc.toml', '--output', 'grpc.toml', '--force'], /are the same file/],
        [['run', 'mine.toml', '--output', 'mine.toml', '--force'], /are the same file/],
        [['suite', 'scalabilty'], /there is no suite 'scalabilty'\s+Did you mean scalability/],
        [['suite', '--only', 'lihgt'], /the suite has no run 'lihgt'\s+Did you mean light/],
        [['suite', '--resume', '--force'], /give one/],
        [['suite', '--resume', '--output', '-'], /--output names none/],
        [['suite', 'grpc.toml'], /are gRPC, and no target for them was named/],
        [['suite', '--clients', '5'], /unknown flag '--clients'/],
        [['run', '--scenarios', '--clients', '5'], /--clients is not for --scenarios/],
        [['run', '--scenarios', 'light'], /a scenario is named too/],
        [['run', '--scenarios', '--target-rate', '5'], /--target-rate is not for --scenarios/],
      ] as const) {
        const output = args.some((arg) => arg === '--output') ? [] : ['--output', 'x.json'];
        const refused = await runCli([...args, ...output, '--endpoint', server.url], { cwd: folder });
        assert.equal(refused.code, 2, `${args.join(' ')}: ${refused.stderr}`);
        assert.match(refused.stderr, said);
        assert.ok(!existsSync(join(folder, 'x.json')), args.join(' '));
      }
      const [ofRun, ofSuite] = await Promise.all([
        runCli(['run', '--scenarios', '--dry-run'], { cwd: folder }),
        runCli(['suite', '--dry-run'], { cwd: folder }),
      ]);
      assert.deepEqual([ofRun.code, ofRun.stdout], [0, ofSuite.stdout]);
      assert.match(ofRun.stdout, /^sustained +20 clients +5 min 00 s/m);
      assert.deepEqual(heard, []);
    });
  } finally {
    await server.close();
  }
});

test('Ctrl-C keeps what was measured, and ends with 130', async () => {
  const heard: string[] = [];
  const server = await startServer((request, response) => {
    heard.push(request.url ?? '');
    response.end();
  });
  try {
    await withFolder(async (folder) => {
      const output = join(folder, 'stopped.json');
      await writeFile(join(folder, 'small.toml'), SUITE.replaceAll('requests = 4', 'requests = 1000000'));
      await writeFile(join(folder, 'own.toml'), PLAIN);
      const suite = join(folder, 'small.toml');
      const { child, finished } = start(['suite', suite, '--endpoint', server.url, '--output', output]);
      while (heard.length < 10 && child.exitCode === null)
        await new Promise((resolve) => setTimeout(resolve, 20));
      child.kill('SIGINT');
      const { code, stderr } = await finished;
      assert.equal(code, 130, stderr);
      const { runs } = await documentIn(output);
      assert.deepEqual(
        runs.map(({ status }) => status),
        ['interrupted', 'not_run', 'not_run'],
      );
      assert.ok((runs[0]?.results?.operations.total ?? 0) >= 10);
    });
  } finally {
    await server.close();
  }
});

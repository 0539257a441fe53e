import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { withFolder } from '../support/folders.ts';
import { cleanEnv, MAIN, runCli } from './run-cli.ts';

interface Started {
  child: ChildProcess;
  /** The first line on stdout. */
  line: string;
  stderr: () => string;
}

async function start(args: readonly string[]): Promise<Started> {
  const ports = ['--http-port', '0', '--grpc-port', '0'];
  const child = spawn(process.execPath, [MAIN, 'dev-server', ...ports, ...args], { env: cleanEnv() });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('close', () => reject(new Error(stderr)));
  });
  return { child, line, stderr: () => stderr };
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const closed = once(child, 'close');
  child.kill(signal);
  const [code] = (await closed) as [number | null];
  return code;
}

test('prints its ports when it is ready, serves, and ends cleanly with a signal', async () => {
  await withFolder(async (folder) => {
    const log = join(folder, 'arrivals.ndjson');
    const { child, line, stderr } = await start(['--json', '--arrival-log', log]);
    const { host, http_port: port, grpc_port: grpcPort } = JSON.parse(line);
    assert.ok(port > 0 && grpcPort > 0 && port !== grpcPort);
    const answer = await fetch(`http://${host}:${port}/health/alive`);
    assert.equal(answer.status, 200);
    await answer.arrayBuffer();
    assert.equal(await stopped(child, 'SIGTERM'), 143);
    assert.match(stderr(), /dev-server: 1 HTTP and 0 gRPC operations, 0 errors/);
    assert.equal((await readFile(log, 'utf8')).trim().split('\n').length, 1);
  });
});

test('the ready line for people; Ctrl-C; faults to order', async () => {
  const { child, line } = await start([
    '--error-rate',
    '100%',
    '--latency',
    'uniform:1ms,2ms',
    '--stall',
    '1ms@60m',
    '--space-latency',
    '50ms',
  ]);
  const port = /^dev-server ready: HTTP on 127\.0\.0\.1:(\d+), gRPC on 127\.0\.0\.1:\d+$/.exec(line)?.[1];
  const answer = await fetch(`http://127.0.0.1:${port}/health/alive`);
  assert.equal(answer.status, 500);
  await answer.arrayBuffer();
  assert.equal(await stopped(child, 'SIGINT'), 130);
});

test('the help says where the dev-server stays apart from Engram', async () => {
  const { code, stdout } = await runCli(['dev-server', '--help']);
  assert.equal(code, 0);
  for (const words of [
    /goes on after POST \/shutdown/,
    /MemoryStream/,
    /no WebSocket/,
    /--space-latency <time>/,
  ]) {
    assert.match(stdout, words);
  }
});

test('knobs that make no sense, and a port that is taken', async () => {
  for (const [flag, value] of [
    ['--latency', 'sometimes'],
    ['--stall', '5'],
    ['--error-rate', '2'],
    ['--space-latency', 'long'],
  ] as const) {
    const { code, stderr } = await runCli(['dev-server', flag, value]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(flag));
  }
  const { child, line } = await start(['--json']);
  const taken = await runCli([
    'dev-server',
    '--http-port',
    String(JSON.parse(line).http_port),
    '--grpc-port',
    '0',
  ]);
  assert.equal(taken.code, 1);
  assert.match(
    taken.stderr,
    /^engram-trace: 127\.0\.0\.1:\d+: another program listens there already \(EADDRINUSE\)\n/,
  );
  await stopped(child, 'SIGTERM');
});

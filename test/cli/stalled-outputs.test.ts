import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { inTime, loggingServer, readOpLog, talk } from '../capture/support.ts';
import { newFolder } from '../support/folders.ts';
import { missing } from '../support/missing.ts';
import { ok, someRecords, startServer, writeTrace } from './replay-support.ts';
import { cleanEnv, MAIN, runCli } from './run-cli.ts';
import {
  CLOSED,
  FILE_AT_ITS_LIMIT,
  FULL_DEVICE,
  FULL_PIPE,
  PIPE_WITHOUT_READER,
  STOPPED_TERMINAL,
  type StderrOf,
  startWith,
} from './stalled-outputs.ts';

const noPython = missing('python3');
const noFull = process.platform !== 'linux' && 'needs /dev/full';

const OUTPUTS: [string, StderrOf | undefined, string | false][] = [
  ['a full device', FULL_DEVICE, noFull],
  ['a pipe whose reader left', PIPE_WITHOUT_READER, noPython],
  ['a socket whose other end left', undefined, false],
  ['a full pipe nobody reads', FULL_PIPE, noPython],
  ['a terminal stopped by Ctrl-S', STOPPED_TERMINAL, noPython],
  ['closed', CLOSED, false],
  ['a file at its size limit', FILE_AT_ITS_LIMIT, noPython],
];

async function capturing(t: TestContext, stderrOf: StderrOf | undefined, more: readonly string[] = []) {
  const { port } = await loggingServer(t);
  const folder = newFolder();
  const args = ['capture', '--oplog', folder, '--http-listen', '0', '--http-upstream', String(port)];
  const started = startWith(t, stderrOf, [...args, ...more]);
  const line = (await inTime(started.firstLine)) ?? '';
  return { ...started, folder, port: Number(/port"?:? ?(\d+)/.exec(line)?.[1]) };
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

describe('capture, whatever becomes of its output', { concurrency: 2 }, () => {
  for (const [name, stderrOf, skip] of OUTPUTS) {
    it(`stderr is ${name}: every request is answered and recorded`, { skip }, async (t) => {
      const { child, port, exited, folder } = await capturing(t, stderrOf);
      // Long enough for its status to be shown on a terminal.
      const count = stderrOf === STOPPED_TERMINAL ? 20 : 3;
      for (let i = 0; i < count; i++) {
        assert.match((await inTime(talk(port, GET)))?.text ?? 'no answer', /200 OK/);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      // Its summary has to be said now, and nobody takes it.
      child.kill('SIGTERM');
      assert.equal(await inTime(exited), 0);
      assert.equal((await readOpLog(folder)).records.length, count);
    });
  }

  it('stdout is a pipe whose reader left: it goes on, and ends with 0', async (t) => {
    const { child, port, exited, folder } = await capturing(t, undefined, ['--json']);
    child.stdout?.destroy();
    assert.match((await inTime(talk(port, GET)))?.text ?? 'no answer', /200 OK/);
    child.kill('SIGTERM');
    assert.equal(await inTime(exited), 0);
    assert.equal((await readOpLog(folder)).records.length, 1);
  });
});

/** Those by which it lost its document. */
const FOR_REPLAY: readonly (StderrOf | undefined)[] = [FULL_DEVICE, undefined, STOPPED_TERMINAL];

describe('replay, whatever becomes of its output', { concurrency: 2 }, () => {
  for (const [name, stderrOf, skip] of OUTPUTS.filter(([, one]) => FOR_REPLAY.includes(one))) {
    it(`stderr is ${name}: the document is delivered, with its own exit code`, { skip }, async (t) => {
      const target = await startServer(ok);
      t.after(() => target.close());
      const folder = newFolder();
      const trace = await writeTrace(join(folder, 'some.trace.zst'), someRecords(40, 30));
      const output = join(folder, 'results.json');
      const args = ['replay', '--trace', trace, '--endpoint', target.url, '--output', output];
      const { exited } = startWith(t, stderrOf, args);
      const code = await inTime(exited);
      const document = JSON.parse(await readFile(output, 'utf8'));
      assert.equal(document.operations.total, 40);
      assert.equal(code, document.fidelity.verdict === 'invalid' ? 98 : 0);
    });
  }
});

/** Runs the program with stdout on a pipe whose reader has left already. */
async function runWithoutReader(args: readonly string[]): Promise<{ code: number; stderr: string }> {
  // The shell starts the program when it is told to: by then nobody reads.
  const child = spawn('sh', ['-c', 'read line; exec "$@"', 'sh', process.execPath, MAIN, ...args], {
    env: cleanEnv(),
  });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text;
  });
  child.stdout.destroy();
  await once(child.stdout, 'close');
  child.stdin.end('go\n');
  const [code] = (await once(child, 'close')) as [number];
  return { code, stderr };
}

describe('data that cannot be delivered', () => {
  const golden = 'fixtures/golden.trace.zst';
  it('a full device is an error, in one line, for every command', { skip: noFull }, async () => {
    const all = [
      ['--help'],
      ['cat', golden],
      ['inspect', golden],
      ['inspect', '--json', golden],
      ['replay', '--dry-run', '--trace', golden, '--endpoint', 'http://127.0.0.1:9'],
    ];
    for (const args of all) {
      const child = spawn('sh', ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, MAIN, ...args], {
        env: cleanEnv(),
      });
      let stderr = '';
      child.stderr.on('data', (text: Buffer) => {
        stderr += text;
      });
      const [code] = await once(child, 'close');
      assert.equal(code, 1, args.join(' '));
      assert.match(stderr, /^engram-trace: .*ENOSPC/m, args.join(' '));
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });

  it('a reader who left before a document is an error; records and text end quietly', async () => {
    for (const [args, expected] of [
      [['inspect', '--json', golden], 1],
      [['inspect', golden], 0],
      [['cat', golden], 0],
      [['filter', golden], 0],
    ] as const) {
      const { code, stderr } = await runWithoutReader(args);
      assert.equal(code, expected, `${args.join(' ')}: ${stderr}`);
      if (expected === 1)
        assert.equal(stderr, 'engram-trace: stdout: the reader left before it had everything\n');
      else assert.doesNotMatch(stderr, /engram-trace:/);
    }
  });

  it('a document of replay that nobody takes is an error, and what it says is told', {
    skip: noFull,
  }, async (t) => {
    const target = await startServer(ok);
    t.after(() => target.close());
    const folder = newFolder();
    const trace = await writeTrace(join(folder, 'some.trace.zst'), someRecords(5, 1));
    const args = ['replay', '--trace', trace, '--endpoint', target.url];
    const gone = await runWithoutReader(args);
    assert.equal(gone.code, 1, gone.stderr);
    assert.match(
      gone.stderr,
      /sent 5 of 5 operations[\s\S]*stdout: the reader left before it had everything/,
    );
    const whole = await runCli([...args, '--quiet']);
    assert.notEqual(whole.code, 1, whole.stderr);
  });
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { ENDING_SIGNALS } from '../../src/cli/exit/signals.ts';
import { startCommand } from '../capture/start-command.ts';
import { inTime, loggingServer, readOpLog, refused, run, talk, until } from '../capture/support.ts';
import { newFolder } from '../support/folders.ts';
import { insist } from '../support/insist.ts';
import { longRecords, ok, someRecords, start, startServer, writeTrace } from './replay-support.ts';
import { cleanEnv, MAIN } from './run-cli.ts';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
const noProc = process.platform !== 'linux' && 'needs /proc';

const SOME_SIGNALS: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGALRM', 'SIGIO'];

/** A capture in front of a server that answers when it is told to. */
async function capturing(t: TestContext, grace: string) {
  const answers: (() => void)[] = [];
  const held = await loggingServer(t, (_, response) => answers.push(() => response.end('ok')));
  const folder = newFolder();
  const to = ['--http-listen', '0', '--http-upstream', String(held.port)];
  const running = await startCommand(t, ['--oplog', folder, ...to, '--grace', grace]);
  const talking = talk(running.port, get('/held'));
  await until(() => answers.length === 1, 'the request is in flight');
  return { ...running, folder, talking, answer: () => answers[0]?.() };
}

describe('capture and signals', { concurrency: 3 }, () => {
  it('minds every signal that ends a program', { skip: noProc }, () => {
    const { signals } = constants;
    const others = Object.keys(signals).filter((name) => !ENDING_SIGNALS.includes(name as NodeJS.Signals));
    // Faults and dumps, jobs and children, what Node takes for itself, and two that nobody can mind.
    const kinds =
      /^SIG(ABRT|IOT|BUS|FPE|ILL|SEGV|SYS|TRAP|UNUSED|STOP|TSTP|CONT|TTIN|TTOU|CHLD|URG|WINCH|PIPE|XFSZ|USR1|KILL|POLL)$/;
    assert.deepEqual(
      others.filter((name) => !kinds.test(name)),
      [],
    );
    assert.equal(signals.SIGPOLL, signals.SIGIO);
  });

  for (const signal of SOME_SIGNALS) {
    it(`${signal}: what is in flight ends, the segment is closed, exit code 0`, async (t) => {
      const { child, exited, port, folder, talking, answer } = await capturing(t, '1m');
      child.kill(signal);
      await refused(port);
      answer();
      assert.match((await inTime(talking))?.text ?? 'no answer', /200 OK/);
      assert.equal(await inTime(exited), 0);
      assert.deepEqual(
        (await readOpLog(folder)).records.map(({ path }) => path),
        ['/held'],
      );
    });
  }

  it('a second signal, another one too, ends it at once', async (t) => {
    const { child, exited, port } = await capturing(t, '1h');
    if (!noProc) {
      const unminded = ENDING_SIGNALS.filter((signal) => !minds(child.pid as number, signal));
      assert.deepEqual(unminded, [], 'it minds all of them alike');
    }
    child.kill('SIGTERM');
    await refused(port);
    child.kill('SIGHUP');
    assert.equal(await inTime(exited), 129);
  });

  it('the same signal twice at once, as timeout sends it, is one', async (t) => {
    const { child, exited, answer } = await capturing(t, '1m');
    const sentMs = performance.now();
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    // Where this process had to wait in between they were not sent at once.
    const codes = performance.now() - sentMs < 20 ? [0] : [0, 143];
    answer();
    const code = await inTime(exited);
    assert.ok(codes.includes(Number(code)), `${code}`);
  });

  it('SIGUSR1 opens no debugger and changes nothing', { skip: noProc }, async (t) => {
    const { child, exited, talking, answer } = await capturing(t, '1m');
    const before = await listening(child.pid as number);
    child.kill('SIGUSR1');
    // Signals are told in order of their numbers: by the time it stops it has seen the first.
    answer();
    assert.match((await inTime(talking))?.text ?? 'no answer', /200 OK/);
    assert.equal(await listening(child.pid as number), before);
    child.kill('SIGTERM');
    assert.equal(await inTime(exited), 0);
  });

  it('SIGHUP of a terminal that is gone does not end what nohup has started', { skip: noProc }, async (t) => {
    const { port } = await loggingServer(t);
    const folder = newFolder();
    // What nohup does in a terminal: SIGHUP ignored, and a stdin that can't be read.
    const nohup = ['sh', '-c', 'trap "" HUP; exec "$@" 0>/dev/null', 'sh'];
    const args = ['--oplog', folder, '--http-listen', '0', '--http-upstream', String(port)];
    const running = await startCommand(t, args, nohup);
    running.child.kill('SIGHUP');
    assert.match((await talk(running.port, get('/after'))).text, /200 OK/);
    running.child.kill('SIGTERM');
    assert.equal(await inTime(running.exited), 0);
    assert.equal((await readOpLog(folder)).records.length, 1);
  });
});

describe('the other commands and signals', { concurrency: 3 }, () => {
  it('SIGQUIT ends a replay, what was measured is written, exit code 131', async (t) => {
    const target = await startServer(ok);
    t.after(() => target.close());
    const folder = newFolder();
    const trace = await writeTrace(join(folder, 'long.trace.zst'), longRecords());
    const output = join(folder, 'results.json');
    const args = ['replay', '--trace', trace, '--endpoint', target.url, '--output', output];
    const { child, finished } = start(args);
    t.after(() => child.kill('SIGKILL'));
    await target.reached(3);
    child.kill('SIGQUIT');
    const ended = await inTime(finished);
    assert.equal(ended?.code, 131, ended?.stderr);
    const { summary, operations } = JSON.parse(await readFile(output, 'utf8'));
    assert.equal(summary.stop, 'interrupted');
    assert.ok(operations.total >= 3);
  });

  it('SIGHUP while a replay opens its trace: there is a document all the same', async (t) => {
    const target = await startServer(ok);
    t.after(() => target.close());
    const folder = newFolder();
    const [trace, output] = [join(folder, 'pipe.ndjson'), join(folder, 'results.json')];
    await run('mkfifo', [trace]);
    const { child, finished } = start([
      'replay',
      ...['--trace', trace, '--endpoint', target.url, '--output', output],
    ]);
    t.after(() => child.kill('SIGKILL'));
    const held = new Promise<void>((resolve) => {
      child.stderr?.on('data', (text: Buffer) => text.includes('stopping') && resolve());
    });
    // A pipe is open when it is open on both sides: the program has come as far as its input, and waits for it.
    const pipe = await open(trace, 'w');
    child.kill('SIGHUP');
    await inTime(held);
    await pipe.write('{"start_ns":0,"path":"/a"}\n{"start_ns":60000000000,"path":"/a"}\n');
    await pipe.close();
    const ended = await inTime(finished);
    assert.equal(ended?.code, 129, ended?.stderr);
    assert.equal(JSON.parse(await readFile(output, 'utf8')).summary.stop, 'interrupted');
  });

  it('SIGHUP leaves no half-written file', async (t) => {
    const folder = newFolder();
    const args = ['filter', '-', '-o', join(folder, 'out.trace.zst')];
    const child = spawn(process.execPath, [MAIN, ...args], { env: cleanEnv() });
    t.after(() => child.kill('SIGKILL'));
    child.stdin.write('{"start_ns":0,"path":"/a"}\n');
    await filesIn(folder, 1);
    child.kill('SIGHUP');
    const [code] = (await once(child, 'exit')) as [number];
    assert.equal(code, 129);
    assert.deepEqual(await readdir(folder), []);
  });

  it('a second signal ends a replay whose log is a pipe that nobody reads', { skip: noProc }, async (t) => {
    const target = await startServer(ok);
    t.after(() => target.close());
    const folder = newFolder();
    const trace = await writeTrace(join(folder, 'some.trace.zst'), someRecords(5, 1));
    const log = join(folder, 'log');
    await run('mkfifo', [log]);
    const child = spawn(
      process.execPath,
      [MAIN, 'replay', '--trace', trace, '--endpoint', target.url, '--force', '--replay-log', log],
      { env: cleanEnv() },
    );
    t.after(() => child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    const stopping = new Promise<void>((resolve) => {
      child.stderr.on('data', (text: Buffer) => text.includes('stopping') && resolve());
    });
    // Node itself catches SIGINT from its first moment on, to end by it.
    await until(() => minds(child.pid as number, 'SIGHUP'), 'it minds signals');
    // Time to come as far as its log; it is ended as well where it has not.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    child.kill('SIGINT');
    await inTime(stopping);
    void insist(child, 'SIGINT');
    const [code, signal] = (await inTime(exited)) ?? [];
    assert.ok(code === 130 || signal === 'SIGINT', `${code} ${signal}`);
  });
});

/** Whether a process catches a signal (Linux). */
function minds(pid: number, signal: NodeJS.Signals): boolean {
  const mask = /^SigCgt:\s+(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}

async function filesIn(folder: string, count: number): Promise<void> {
  for (let tries = 0; (await readdir(folder)).length < count; tries++) {
    assert.ok(tries < 600, 'the output never came');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** How many sockets of a process listen (Linux). */
async function listening(pid: number): Promise<number> {
  const { readlink } = await import('node:fs/promises');
  const names = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  const own = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')),
  );
  const rows = tables.flatMap((table) => table.split('\n').map((row) => row.trim().split(/\s+/)));
  return rows.filter((row) => row[3] === '0A' && own.has(row[9])).length;
}

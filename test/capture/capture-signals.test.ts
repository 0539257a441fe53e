import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readlink } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { newFolder } from '../support/folders.ts';
import { MAIN, startCommand } from './start-command.ts';
import { inTime, LOOPBACK, rawServer, readOpLog, run } from './support.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How many sockets a process has open (Linux). */
async function openSockets(pid: number): Promise<number> {
  const names = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return links.filter((link) => link.startsWith('socket:')).length;
}

async function connect(t: TestContext, port: number): Promise<net.Socket> {
  const client = net.connect(port, LOOPBACK);
  t.after(() => client.destroy());
  client.on('error', () => {});
  client.resume();
  await new Promise((resolve) => client.once('connect', resolve));
  return client;
}

describe('engram-trace capture, under load and signals', () => {
  const noProc = process.platform !== 'linux' && 'needs /proc';
  it('keeps record, descriptor and exit when a client leaves in its answer', { skip: noProc }, async (t) => {
    const count = 8;
    let onRequest = (_: net.Socket): void => {};
    let onChecked = (): void => {};
    const checked = new Promise<void>((resolve) => {
      onChecked = resolve;
    });
    // The first connection is the check at the start, which asks nothing.
    const upstream = await rawServer(t, (socket) =>
      socket.once('data', () => onRequest(socket)).once('end', () => onChecked()),
    );
    const folder = newFolder();
    const args = ['--oplog', folder, '--http-listen', '0', '--http-upstream', `${upstream}`, '--grace', '1s'];
    const running = await startCommand(t, args);
    const pid = running.child.pid as number;
    await inTime(checked);
    const before = await openSockets(pid);
    for (let i = 0; i < count; i++) {
      const client = await connect(t, running.port);
      const asked = new Promise<net.Socket>((resolve) => {
        onRequest = resolve;
      });
      client.write(`GET /${i} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const socket = await asked;
      // Stopped and let go again, the command finds both events in one turn of its loop.
      running.child.kill('SIGSTOP');
      await pause(20);
      const leave = (): unknown => client.destroy();
      const answer = (): unknown => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n');
        return socket.write(Buffer.alloc(400_000));
      };
      for (const act of i % 2 === 0 ? [leave, answer] : [answer, leave]) {
        act();
        await pause(10);
      }
      running.child.kill('SIGCONT');
      // It has seen its client leave before the server does anything else.
      for (let tries = 0; (await openSockets(pid)) > before + 1 && tries < 6000; tries++) await pause(10);
      socket.destroy();
    }
    for (let tries = 0; (await openSockets(pid)) > before && tries < 600; tries++) await pause(100);
    assert.equal(await openSockets(pid), before);
    running.child.kill('SIGTERM');
    assert.equal(await inTime(running.exited), 0);
    const { records, loss } = await readOpLog(folder);
    assert.deepEqual(
      records.map(({ path, outcome }) => [path, outcome.error]).sort(),
      Array.from({ length: count }, (_, i) => [`/${i}`, 'client_aborted']),
    );
    assert.equal(loss.recordsDropped, 0);
  });

  it('ends at the first SIGTERM though its start hangs', { skip: noProc }, async (t) => {
    const folder = newFolder();
    const pipe = join(folder, 'pipe'); // whoever reads it waits until something is written
    await run('mkfifo', [pipe]);
    const args = ['--oplog', folder, '--http-listen', '0', '--http-upstream', '9'];
    const child = spawn(process.execPath, [MAIN, 'capture', ...args, '--tls-cert', pipe, '--tls-key', pipe], {
      stdio: 'ignore',
    });
    t.after(() => child.kill('SIGKILL'));
    const exited = new Promise<unknown>((resolve) =>
      child.once('exit', (code, signal) => resolve(code ?? signal)),
    );
    const writer = await openForWriting(pipe);
    t.after(() => writer.close());
    child.kill('SIGTERM');
    assert.equal(await inTime(exited), 'SIGTERM');
  });
});

/** Opens a pipe once somebody reads it. */
async function openForWriting(pipe: string): Promise<FileHandle> {
  for (let tries = 0; ; tries++) {
    try {
      return await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENXIO' || tries === 1200) throw thrown;
      await pause(50);
    }
  }
}

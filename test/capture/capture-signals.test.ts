import assert from 'node:assert/strict';
import { readdir, readlink } from 'node:fs/promises';
import net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { startCommand } from './start-command.ts';
import { LOOPBACK, rawServer, readOpLog, temporaryFolder } from './support.ts';

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
    const upstream = await rawServer(t, (socket) => socket.once('data', () => onRequest(socket)));
    const folder = await temporaryFolder(t);
    const args = ['--oplog', folder, '--http-listen', '0', '--http-upstream', `${upstream}`, '--grace', '1s'];
    const running = await startCommand(t, args);
    const pid = running.child.pid as number;
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
      await pause(60);
      socket.destroy();
    }
    for (let tries = 0; (await openSockets(pid)) > before && tries < 100; tries++) await pause(100);
    assert.equal(await openSockets(pid), before);
    running.child.kill('SIGTERM');
    assert.equal(await Promise.race([running.exited, pause(20_000)]), 143);
    const { records, loss } = await readOpLog(folder);
    assert.deepEqual(
      records.map(({ path, outcome }) => [path, outcome.error]).sort(),
      Array.from({ length: count }, (_, i) => [`/${i}`, 'client_aborted']),
    );
    assert.equal(loss.recordsDropped, 0);
  });
});

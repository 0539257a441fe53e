import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { CaptureSummary } from '../../src/capture/capture.ts';
import { planExport, writeExport } from '../../src/sources/export/export-op-log.ts';
import { openOpLog } from '../../src/sources/op-log/op-log.ts';
import { newFolder } from '../support/folders.ts';
import { childrenOf, whenGone } from './process-tree.ts';
import { startCommand } from './start-command.ts';
import { inTime, LOOPBACK, loggingServer, readOpLog, until, whenLogged } from './support.ts';

const CLIENTS = 8;

/** A connection that is kept, and asks for one path after the other. */
class Client {
  readonly socket: net.Socket;
  #text = '';

  constructor(t: TestContext, port: number) {
    this.socket = net.connect(port, LOOPBACK).on('error', () => {});
    this.socket.on('data', (part: Buffer) => {
      this.#text += part.toString('latin1');
    });
    t.after(() => this.socket.destroy());
  }

  /** False where the connection is gone. */
  async ask(path: string): Promise<boolean> {
    this.#text = '';
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until(() => this.#text.endsWith('\r\nok') || this.socket.closed, `${path} is answered`);
    return this.#text.endsWith('\r\nok');
  }
}

describe('engram-trace capture --relays', () => {
  const noProc = process.platform !== 'linux' && 'needs /proc';
  it('is one capture: one address, one op log, one end, and a relay that dies takes only its own', {
    skip: noProc,
  }, async (t) => {
    const { port: upstream } = await loggingServer(t, (_, response) => {
      response.setHeader('Content-Length', 2).end('ok');
    });
    const folder = newFolder();
    const args = [
      '--oplog',
      folder,
      '--relays',
      '2',
      '--http-listen',
      '0',
      '--http-upstream',
      String(upstream),
    ];
    const running = await startCommand(t, args);
    const stderr: string[] = [];
    running.child.stderr?.on('data', (part: Buffer) => stderr.push(part.toString()));
    const relays = await childrenOf(running.child.pid as number);
    assert.equal(relays.length, 2);
    const clients = Array.from({ length: CLIENTS }, () => new Client(t, running.port));
    for (let i = 0; i < 5; i++)
      for (const [k, client] of clients.entries()) assert.ok(await client.ask(`/before/${k}/${i}`));
    await whenLogged(folder, ({ records }) => records.length === 5 * CLIENTS);

    const [dead, alive] = relays as [number, number];
    const helpers = (await Promise.all(relays.map(childrenOf))).flat();
    process.kill(dead, 'SIGKILL');
    const isReplaced = (): boolean => /another relay \(run \w+r3\) took the place/.test(stderr.join(''));
    await until(isReplaced, 'its end and its successor are told');
    assert.match(stderr.join(''), /a relay died with 4 open connections \(run \w+, SIGKILL\)/);
    await until(() => clients.filter(({ socket }) => socket.closed).length === CLIENTS / 2, 'half are gone');
    for (const client of clients) if (!client.socket.closed) assert.ok(await client.ask('/beside'));
    const successor = (await childrenOf(running.child.pid as number)).filter((pid) => pid !== alive);
    assert.equal(successor.length, 1);
    // As few as the dead one had: all of them go to its successor.
    const more = Array.from({ length: CLIENTS / 2 }, () => new Client(t, running.port));
    for (const [k, client] of more.entries()) assert.ok(await client.ask(`/after/${k}`));
    const all = [
      ...relays,
      ...successor,
      ...helpers,
      ...(await Promise.all(successor.map(childrenOf))).flat(),
    ];
    running.child.kill('SIGTERM');
    assert.equal(await inTime(running.exited), 1, 'the files of the dead one were not closed');
    for (const pid of all) await whenGone(pid);

    const asked = 5 * CLIENTS + CLIENTS / 2 + CLIENTS / 2;
    const summary = JSON.parse(running.stdout().split('\n').slice(1).join('\n')) as CaptureSummary;
    assert.deepEqual(
      [summary.records, summary.recordsDropped, summary.connections, summary.relays, summary.relaysDied],
      [asked, 0, CLIENTS * 1.5, 2, 1],
    );
    const { records, headers } = await readOpLog(folder);
    assert.equal(records.length, asked);
    assert.equal(new Set(records.map(({ session }) => session)).size, CLIENTS * 1.5, 'no session is two');
    const perRun = (suffix: string): number =>
      new Set(records.filter(({ session }) => session.includes(suffix)).map(({ session }) => session)).size;
    assert.deepEqual(['r1-h', 'r2-h', 'r3-h'].map(perRun), [4, 4, 4], 'the load is even');
    assert.equal(new Set(headers.map(({ epochUnixNs }) => epochUnixNs)).size, 1, 'their clocks are one');
    assert.equal((await readdir(folder)).filter((name) => name.endsWith('.losses')).length, 1);
    await exportsInOrder(folder, asked);
  });
});

/** The export is one trace in the order of time, and tells of the hole that the dead relay left. */
async function exportsInOrder(folder: string, asked: number): Promise<void> {
  const log = await openOpLog(folder);
  const plan = await planExport(log, { tool: 'test' });
  const report = await writeExport(plan, { write: async () => {}, close: async () => {} });
  assert.equal(report.records, asked);
  assert.equal(report.loss.segmentsIncomplete, 1);
  assert.match(plan.unknown.join(), /was not closed: .* until its run ended at /);
  assert.deepEqual(plan.header.gaps, [], 'another one was recording all the time');
  const firsts = plan.blocks.map(({ firstStartUnixNs }) => firstStartUnixNs);
  assert.deepEqual(
    firsts,
    [...firsts].sort((a, b) => Number(a - b)),
  );
  await log.close();
}

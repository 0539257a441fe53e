import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createCaptureClock, momentOf } from '../../../src/capture/capture-clock.ts';
import { captureSettings } from '../../../src/capture/capture-options.ts';
import type { EndedRun } from '../../../src/capture/op-log/loss-file.ts';
import { addStats } from '../../../src/capture/relays/add-stats.ts';
import { RelayPool } from '../../../src/capture/relays/relay-pool.ts';
import { relaySettings } from '../../../src/capture/relays/relay-settings.ts';
import { emptyLoss } from '../../../src/trace/record/record.ts';
import { newFolder } from '../../support/folders.ts';
import { LOOPBACK, until } from '../support.ts';

/** A pool of programs that speak like relays and relay nothing. */
function poolOf(program: string, relays: number, closeMs = 60_000) {
  const file = join(newFolder(), 'relay.mjs');
  const status = { stats: { ...addStats([]), records: 5, segments: 1, diskSilentMs: 1 }, troubles: [] };
  const json = JSON.stringify({ ...status, load: { taken: 0, open: 0 }, untoldLoss: emptyLoss() });
  writeFileSync(
    file,
    `const status = ${json};\nconst send = (message, then) => process.send(message, then);\n${program}`,
  );
  const clock = createCaptureClock();
  const warnings: string[] = [];
  const told: string[] = [];
  const ended: (readonly EndedRun[])[] = [];
  const settings = relaySettings(captureSettings({ http: ':1' }), relays);
  const pool = new RelayPool({
    relays,
    nowNs: () => clock.nowNs(),
    startOf: (number, runs) => {
      ended.push(runs);
      return { settings, runId: `r${number}`, clock: momentOf(clock), ended: runs };
    },
    onRelayWarning: (_, text) => told.push(text),
    onWarning: (text) => warnings.push(text),
    onTrouble: () => {},
    closeMs,
    program: pathToFileURL(file),
  });
  return { pool, warnings, told, ended };
}

const CLOSES = `process.on('message', ({ kind }) => {
  if (kind === 'close') send({ kind: 'closed', summary: { ...status.stats, untoldLoss: status.untoldLoss, lossFile: '', closedProperly: true } }, () => process.exit());
});`;

/** The first relay tells its process and then stands still for good; the others go on. */
const FIRST_HANGS = `const tell = (text, then) => send({ kind: 'warning', text }, then);
const hang = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
process.on('message', ({ kind, start }) => {
  if (kind === 'start') send({ kind: 'ready' }, () => tell(\`\${start.runId} \${process.pid}\`, () => start.runId === 'r1' && hang()));
});`;

function killTold(told: readonly string[], runId: string): void {
  const [, pid] = told.map((text) => text.split(' ')).find(([run]) => run === runId) ?? [];
  process.kill(Number(pid), 'SIGKILL');
}

interface Pair {
  readonly client: net.Socket;
  readonly accepted: net.Socket;
  text: string;
}

/** Connections as those that a pool is given, and their clients. */
async function connections(t: TestContext, count: number): Promise<Pair[]> {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, LOOPBACK);
  t.after(() => server.close());
  await once(server, 'listening');
  const pairs: Pair[] = [];
  for (let i = 0; i < count; i++) {
    const accepting = once(server, 'connection');
    const client = net.connect((server.address() as net.AddressInfo).port, LOOPBACK).on('error', () => {});
    t.after(() => client.destroy());
    const [accepted] = (await accepting) as [net.Socket];
    const pair = { client, accepted, text: '' };
    client.on('data', (part: Buffer) => {
      pair.text += part.toString();
    });
    pairs.push(pair);
  }
  return pairs;
}

/** Asked of the kernel: a `remoteAddress` that was read once is remembered. */
function hasPeer({ accepted }: Pair): boolean {
  const { _handle } = accepted as unknown as { _handle: { getpeername(out: object): number } };
  return _handle.getpeername({}) === 0;
}

describe('relay processes', () => {
  it('that die at once again and again end the whole with an error, not in a loop', async () => {
    const dies = `process.on('message', ({ kind, start }) => {
      if (kind !== 'start') return;
      if (start.runId === 'r1') send({ kind: 'ready' }, () => send({ kind: 'status', status }, () => process.exit(7)));
      else send({ kind: 'ready' }, () => { throw new RangeError('no way'); });
    });`;
    const { pool, warnings, ended } = poolOf(dies, 1);
    await pool.start();
    const error = await pool.failed;
    assert.match(
      error.message,
      /^a relay died 5 times in a row within 10 s of its start: exit code 1: RangeError: no way$/,
    );
    const [first, second] = warnings;
    assert.equal(first, 'a relay died with 0 open connections (run r1, exit code 7)');
    assert.equal(second, 'another relay (run r2) took the place of the one that died');
    assert.equal(warnings.length, 5 + 4);
    assert.deepEqual(
      ended.map((runs) => runs.map(({ runId }) => runId)),
      [[], ['r1'], ['r2'], ['r3'], ['r4']],
      'each is told of the one before it, and only of that: the first thing it does is to write down its end',
    );
    const [dead] = ended[1] as [EndedRun];
    assert.equal(dead.endNs - dead.sinceNs, 1e6, 'from when its disk answered no more');
    const summary = await pool.close();
    assert.deepEqual(
      [summary.relays, summary.relaysDied, summary.records, summary.closedProperly],
      [1, 5, 5, false],
    );
  });

  it('that can not start end the start with what they say', async () => {
    const fails = `process.on('message', ({ kind, start }) => {
      if (kind !== 'start') return;
      if (start.runId === 'r1') send({ kind: 'ready' });
      else send({ kind: 'failed', error: { code: 'io', message: 'no folder', where: '/x', hint: 'make one' } });
    });${CLOSES}`;
    const { pool, warnings } = poolOf(fails, 2);
    await assert.rejects(pool.start(), { code: 'io', message: 'no folder', where: '/x', hint: 'make one' });
    assert.deepEqual(warnings, []);
  });

  it('that do not end when they are told to are killed, and the op log was not closed in order', async () => {
    const hangs = `process.on('message', ({ kind, start }) => {
      if (kind === 'start') send({ kind: 'ready' }, () => send({ kind: 'status', status }));
    });`;
    const { pool, warnings } = poolOf(hangs, 2, 100);
    await pool.start();
    await until(() => pool.stats.records === 10, 'both told what they count');
    const summary = await pool.close();
    assert.deepEqual([summary.closedProperly, summary.relaysDied, summary.records], [false, 2, 10]);
    assert.equal(warnings.length, 2);
  });

  it('that can not take the place of one that died are told of with what they say', async () => {
    const fails = `process.on('message', ({ kind, start }) => {
      if (kind !== 'start') return;
      if (start.runId === 'r2') send({ kind: 'failed', error: { code: 'io', message: 'no folder' } });
      else send({ kind: 'ready' }, () => start.runId === 'r1' && process.exit(1));
    });${CLOSES}`;
    const { pool, warnings } = poolOf(fails, 1);
    await pool.start();
    await until(() => warnings.length === 3, 'the third one lives');
    assert.equal(warnings[1], 'a relay died with 0 open connections (run r2, no folder)');
    await pool.close();
  });

  it('leave to others what they had not taken when they died, but for clients that are gone', async (t) => {
    const answers = `${FIRST_HANGS}${CLOSES}
    process.on('message', ({ kind }, socket) => kind === 'connection' && socket.end('served'));`;
    const { pool, warnings, told } = poolOf(answers, 1);
    await pool.start();
    await until(() => told.length === 1, 'the first one tells its process');
    const pairs = await connections(t, 4);
    for (const { accepted } of pairs) pool.hand('http', accepted);
    const [onItsWay, second, reset, last] = pairs as [Pair, Pair, Pair, Pair];
    reset.client.resetAndDestroy();
    await until(() => !hasPeer(reset), 'a client is gone');
    killTold(told, 'r1');
    await until(() => second.client.closed && last.client.closed, 'the others are served');
    assert.deepEqual([second.text, last.text], ['served', 'served']);
    await until(() => onItsWay.client.closed, 'one was on its way');
    assert.equal(onItsWay.text, '');
    assert.ok(reset.accepted.destroyed, 'its descriptor is not kept');
    assert.equal(warnings[0], 'a relay died with 1 open connections (run r1, SIGKILL)');
    await pool.close();
  });

  it('are given no connection once they were told to end, not even one that another left', async (t) => {
    const keeps = `${FIRST_HANGS}
    let isClosing = false;
    const kept = [];
    process.on('message', ({ kind }, socket) => {
      if (kind === 'connection') kept.push(socket);
      if (kind === 'connection' && isClosing) tell('late');
      if (kind === 'close') { isClosing = true; tell('closing'); }
    });`;
    const { pool, told } = poolOf(keeps, 2);
    await pool.start();
    await until(() => told.length === 2, 'both tell their processes');
    const pairs = await connections(t, 6);
    for (const { accepted } of pairs) pool.hand('http', accepted);
    const closing = pool.close();
    await until(() => told.includes('closing'), 'the second one is told to end');
    killTold(told, 'r1');
    const closed = (): number => pairs.filter(({ client }) => client.closed).length;
    await until(() => closed() === 3 || told.includes('late'), 'the connections of the first one end');
    assert.ok(!told.includes('late'));
    killTold(told, 'r2');
    assert.equal((await closing).relaysDied, 2);
  });
});

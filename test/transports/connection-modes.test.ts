import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transport } from '../../src/replay/ports.ts';
import { poolNumberOf } from '../../src/transports/connect/connection-mode.ts';
import { until } from '../support/send-and-watch.ts';
import {
  GRPC,
  HTTP,
  type ModeOptions,
  type ModeSubject,
  type SessionServer,
  sendOne,
} from './connection-modes-support.ts';

interface Stage {
  subject: ModeSubject;
  server: SessionServer;
  transport: Transport;
}

async function staged(
  subject: ModeSubject,
  options: ModeOptions,
  body: (stage: Stage) => Promise<void>,
  mostStreams?: number,
): Promise<void> {
  const server = await subject.start(mostStreams);
  const transport = server.create(options);
  try {
    await body({ subject, server, transport });
  } finally {
    await transport.close();
    await server.close();
  }
}

/** Sends one operation of each session at once and expects them all to be answered. */
async function sendAll({ subject, transport }: Stage, sessions: readonly string[]): Promise<void> {
  const all = sessions.map((session) => sendOne(transport, subject.record(session)).outcome);
  for (const { ok, detail } of await Promise.all(all)) assert.ok(ok, detail);
}

/** Which sessions each connection carried. */
function carried({ server }: Stage): string[] {
  return server
    .byConnection()
    .map((sessions) => [...new Set(sessions)].sort().join())
    .sort();
}

function named(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `s${i}`);
}

/** Two sessions that share a connection of `pools`, and one that has another. */
function neighbours(pools: number): [string, string, string] {
  const [a, ...others] = named(100) as [string, ...string[]];
  const of = (session: string): number => poolNumberOf(session, pools);
  const near = others.find((session) => of(session) === of(a)) as string;
  const far = others.find((session) => of(session) !== of(a)) as string;
  return [a, near, far];
}

for (const subject of [HTTP, GRPC]) {
  test(`${subject.name}: recorded: each session has one connection, and keeps it`, () =>
    staged(subject, { mode: 'recorded' }, async (stage) => {
      const sessions = named(7);
      for (let round = 0; round < 4; round += 1) await sendAll(stage, sessions);
      assert.deepEqual(carried(stage), sessions);
      for (const on of stage.server.byConnection()) assert.equal(on.length, 4);
    }));

  test(`${subject.name}: recorded: the connections warmed up are those of the sessions that come first`, () =>
    staged(subject, { mode: 'recorded' }, async (stage) => {
      await stage.transport.warmUp(['s0', 's1']);
      await until(() => stage.server.byConnection().length === 2, 'two connections');
      await sendAll(stage, named(3));
      await sendAll(stage, named(3));
      assert.deepEqual(carried(stage), named(3));
      await stage.transport.warmUp([]);
      assert.equal(stage.server.byConnection().length, 3, 'for no session none');
    }));

  test(`${subject.name}: recorded: a connection that is reset fails its operation, and only its session gets a new one`, () =>
    staged(subject, { mode: 'recorded' }, async (stage) => {
      const { server, transport } = stage;
      const sessions = named(3);
      await sendAll(stage, sessions);
      server.hold.isOn = true;
      const broken = sendOne(transport, subject.record('s1'));
      await until(() => server.hold.list.length === 1, 'it came');
      server.hold.list[0]?.reset();
      assert.equal((await broken.outcome).failure, 'keepalive_closed');
      server.hold.isOn = false;
      await sendAll(stage, sessions);
      await sendAll(stage, sessions);
      assert.deepEqual(carried(stage), ['s0', 's1', 's1', 's2']);
    }));

  test(`${subject.name}: recorded: with no room an idle session gives up its connection; with none idle it fails, unshared`, () =>
    staged(subject, { mode: 'recorded', mostConnections: 2 }, async (stage) => {
      const { server, transport } = stage;
      server.hold.isOn = true;
      const held = ['s0', 's1'].map((session) => sendOne(transport, subject.record(session)));
      await until(() => server.hold.list.length === 2, 'two are under way');
      const third = sendOne(transport, subject.record('s2'));
      const { failure, detail } = await third.outcome;
      assert.equal(failure, 'connect_failed');
      assert.match(detail, /all 2 connections .* in use; --connections N/);
      assert.equal(third.heldNs, undefined, 'it was never sent');
      server.hold.list[0]?.answer();
      await held[0]?.outcome;
      server.hold.isOn = false;
      await sendAll(stage, ['s2']);
      await sendAll(stage, ['s2']);
      server.hold.list[1]?.answer();
      assert.equal((await held[1]?.outcome)?.ok, true);
      await sendAll(stage, ['s0']);
      for (const sessions of carried(stage)) assert.ok(!sessions.includes(','), sessions);
      assert.ok(carried(stage).filter((sessions) => sessions === 's0').length === 2, 's0 came back');
    }));

  test(`${subject.name}: N: never more than N connections, and each session stays with one`, () =>
    staged(subject, { mode: 3 }, async (stage) => {
      const sessions = named(20);
      await stage.transport.warmUp(sessions);
      for (let round = 0; round < 4; round += 1) await sendAll(stage, sessions);
      const expected = [0, 1, 2].map((pool) =>
        sessions
          .filter((session) => poolNumberOf(session, 3) === pool)
          .sort()
          .join(),
      );
      assert.deepEqual(carried(stage), expected.sort());
    }));

  test(`${subject.name}: N: a connection that is reset takes its own operations with it, and is opened again`, () =>
    staged(subject, { mode: 2 }, async (stage) => {
      const { server, transport } = stage;
      const [a, , far] = neighbours(2);
      server.hold.isOn = true;
      const [broken, kept] = [a, far].map((session) => sendOne(transport, subject.record(session)));
      await until(() => server.hold.list.length === 2, 'both came');
      server.hold.list.find(({ session }) => session === a)?.reset();
      assert.equal((await broken?.outcome)?.failure, 'connection_reset');
      server.hold.list.find(({ session }) => session === far)?.answer();
      assert.equal((await kept?.outcome)?.ok, true);
      server.hold.isOn = false;
      await sendAll(stage, [a, far]);
      assert.deepEqual(carried(stage), [a, a, far].sort());
    }));
}

test('http: recorded: a further connection only while an operation of the same session is under way', () =>
  staged(HTTP, { mode: 'recorded' }, async (stage) => {
    const { server, transport } = stage;
    await sendAll(stage, ['a', 'b']);
    server.hold.isOn = true;
    const both = [1, 2].map(() => sendOne(transport, HTTP.record('a')));
    await until(() => server.hold.list.length === 2, 'both came');
    assert.deepEqual(carried(stage), ['a', 'a', 'b']);
    for (const { answer } of server.hold.list) answer();
    for (const { outcome } of both) assert.equal((await outcome).ok, true);
    server.hold.isOn = false;
    for (let round = 0; round < 3; round += 1) await sendAll(stage, ['a', 'b']);
    assert.deepEqual(carried(stage), ['a', 'a', 'b'], 'idle ones are used again');
  }));

test('grpc: recorded: calls of a session that overlap are streams of its one connection', () =>
  staged(GRPC, { mode: 'recorded' }, async (stage) => {
    const { server, transport } = stage;
    server.hold.isOn = true;
    const calls = [1, 2, 3].map(() => sendOne(transport, GRPC.record('a')));
    await until(() => server.hold.list.length === 3, 'all came');
    assert.deepEqual(carried(stage), ['a']);
    for (const { answer } of server.hold.list) answer();
    for (const { outcome, heldNs } of calls) assert.deepEqual([(await outcome).ok, heldNs], [true, 0]);
  }));

test('http: N: an operation whose connection is busy waits, in order, and says so; others do not', () =>
  staged(HTTP, { mode: 2 }, async (stage) => {
    const { server, transport } = stage;
    const [a, near, far] = neighbours(2);
    await transport.warmUp([]);
    server.hold.isOn = true;
    const first = sendOne(transport, HTTP.record(a));
    const second = sendOne(transport, HTTP.record(near));
    const third = sendOne(transport, HTTP.record(a));
    const other = sendOne(transport, HTTP.record(far));
    await until(() => server.hold.list.length === 2, 'one on each connection');
    assert.deepEqual([second.heldNs, third.heldNs], [undefined, undefined]);
    assert.deepEqual([first.heldNs, other.heldNs], [0, 0]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.hold.isOn = false;
    for (const { answer } of server.hold.list) answer();
    for (const each of [first, second, third, other]) assert.equal((await each.outcome).ok, true);
    assert.ok((second.heldNs ?? 0) > 10e6, `held for ${second.heldNs} ns`);
    assert.ok((third.heldNs ?? 0) >= (second.heldNs ?? 0));
    assert.deepEqual(
      server.byConnection().find((sessions) => sessions.includes(a)),
      [a, near, a],
    );
  }));

for (const mode of [1, 'recorded'] as const) {
  test(`grpc: ${mode}: a call that the server allows no stream waits for one, and says so`, () =>
    staged(
      GRPC,
      { mode },
      async ({ server, transport }) => {
        await transport.warmUp(['a']);
        server.hold.isOn = true;
        const calls = [1, 2, 3].map(() => sendOne(transport, GRPC.record('a')));
        await until(() => server.hold.list.length === 2, 'as many as it allows');
        assert.deepEqual(
          calls.map(({ heldNs }) => heldNs),
          [0, 0, undefined],
        );
        await new Promise((resolve) => setTimeout(resolve, 20));
        server.hold.isOn = false;
        for (const { answer } of server.hold.list) answer();
        for (const { outcome } of calls) assert.equal((await outcome).ok, true);
        assert.ok((calls[2]?.heldNs ?? 0) > 10e6, `held for ${calls[2]?.heldNs} ns`);
        assert.deepEqual(server.byConnection(), [['a', 'a', 'a']]);
      },
      2,
    ));
}

test('http: N: waiting for a connection to open is not waiting for a busy one', () =>
  staged(HTTP, { mode: 1 }, async ({ server, transport }) => {
    const first = sendOne(transport, HTTP.record('a'));
    assert.equal((await first.outcome).ok, true);
    assert.equal(first.heldNs, 0);
    assert.equal(server.byConnection().length, 1);
  }));

for (const mode of ['pooled', 'recorded', 4] as const) {
  test(`without a target every operation fails, and so does the warm-up: ${mode}`, async () => {
    for (const subject of [HTTP, GRPC]) {
      const server = await subject.start();
      const transport = server.create({ mode });
      await server.close();
      for (const sessions of [undefined, ['a', 'b']]) {
        await assert.rejects(transport.warmUp(sessions), { code: 'target' });
      }
      const all = ['a', 'b', 'a'].map((session) => sendOne(transport, subject.record(session)).outcome);
      for (const { failure } of await Promise.all(all)) assert.equal(failure, 'connect_failed');
      await transport.close();
    }
  });
}

test('recorded: without a word about sessions the warm-up tries one connection and closes it', async () => {
  for (const subject of [HTTP, GRPC]) {
    await staged(subject, { mode: 'recorded' }, async (stage) => {
      await stage.transport.warmUp();
      await sendAll(stage, ['a']);
      assert.deepEqual(carried(stage), ['', 'a']);
    });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetOf } from '../../../src/replay/plan/target-of.ts';
import type { Transport } from '../../../src/replay/ports.ts';
import { spreadOver } from '../../../src/replay-run/connect/spread-transport.ts';
import { makeRecord } from '../../support/make-record.ts';

/** Notes what it is asked for; `fails`: nobody is there. */
function noting(fails = false) {
  const told = { sent: [] as string[], warmed: [] as (readonly string[] | undefined)[], closed: 0 };
  const transport: Transport = {
    warmUp: async (sessions) => {
      told.warmed.push(sessions);
      if (fails) throw new Error('nobody there');
    },
    send: ({ session }) => {
      told.sent.push(session);
      return () => {};
    },
    close: async () => {
      told.closed += 1;
    },
  };
  return { transport, told };
}

test('one target has the transport itself: nothing stands between the engine and it', () => {
  const { transport } = noting();
  assert.equal(spreadOver([transport]), transport);
});

test('each session goes to its target, and is warmed up there', async () => {
  const all = [noting(), noting(), noting()];
  const spread = spreadOver(all.map(({ transport }) => transport));
  const sessions = Array.from({ length: 30 }, (_, i) => `s${i}`);
  await spread.warmUp(sessions);
  for (const session of sessions) {
    spread.send(makeRecord(0, { session }), 1, { onSent() {}, onFirstAnswer() {}, onDone() {} });
  }
  await spread.close();
  for (const [i, { told }] of all.entries()) {
    const own = sessions.filter((session) => targetOf(session, 3) === i);
    assert.ok(own.length > 0);
    assert.deepEqual(told, { sent: own, warmed: [own], closed: 1 });
  }
});

test('one target that is not there does not keep the others from being warmed up', async () => {
  const [dead, alive] = [noting(true), noting()];
  await assert.rejects(spreadOver([dead.transport, alive.transport]).warmUp(), /nobody there/);
  assert.equal(alive.told.warmed.length, 1);
});

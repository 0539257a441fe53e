import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientScript } from '../../../src/replay/plan/client-loop.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import fc from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';
import { MS, type PlayOptions, play, SECOND, seededRandom } from '../../support/replay-harness.ts';

const client = (number: number) => `client-${number}`;

/** The first operations of `count` clients, `apartNs` apart. */
const first = (count: number, apartNs = 0): TraceRecord[] =>
  Array.from({ length: count }, (_, i) => makeRecord(i * apartNs, { session: client(i) }));

/** Clients that send so many requests each, with these pauses. */
function script(requests: number, pauseNs: (client: number, index: number) => number, durationNs = Infinity) {
  const sent = new Map<number, number>();
  return {
    durationNs,
    next: (number: number) => {
      const index = (sent.get(number) ?? 1) + 1;
      sent.set(number, index);
      if (index > requests) return undefined;
      return { record: makeRecord(0, { session: client(number) }), pauseNs: pauseNs(number, index) };
    },
  } satisfies ClientScript;
}

const clients = (records: TraceRecord[], options: PlayOptions) =>
  play(records, { timing: { kind: 'clients' }, headStartNs: 0, ...options });

describe('a closed loop', () => {
  it('pauses from the end of an answer to the ns, and begins its clients one after the other', async () => {
    const { settled, end } = await clients(first(3, 100 * MS), {
      fateOf: ({ session }) => ({
        kind: 'answer',
        afterNs: session === client(1) ? 7 * MS : 2 * MS,
        ok: true,
      }),
      clients: script(4, (number, index) => number * 10 * MS + index * 1000),
    });
    const anchorNs = end.startNs ?? Number.NaN;
    for (let number = 0; number < 3; number++) {
      const mine = settled.filter(({ record }) => record.session === client(number));
      assert.equal(mine.length, 4);
      assert.equal(mine[0]?.sentNs, anchorNs + number * 100 * MS);
      mine.slice(1).forEach((operation, i) => {
        const doneNs = mine[i]?.doneNs ?? Number.NaN;
        assert.equal(operation.dueNs, doneNs + number * 10 * MS + (i + 2) * 1000);
        assert.equal(operation.sentNs, operation.dueNs);
      });
    }
    assert.deepEqual(
      [end.accounting.planned, end.accounting.ok, end.planComplete, end.stop],
      [12, 12, true, 'end'],
    );
  });

  it('never has more in flight than clients, whatever the answers do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.integer(), async (count, seed) => {
        const random = seededRandom(seed);
        const open = new Map<string, number>();
        const { transport, end } = await clients(first(count), {
          timeoutNs: SECOND,
          fateOf: ({ session }) => {
            open.set(session, (open.get(session) ?? 0) + 1);
            const dice = random();
            if (dice < 0.1) return { kind: 'at_once', ok: false };
            if (dice < 0.2) return { kind: 'hang' };
            if (dice < 0.25) return { kind: 'throw' };
            return { kind: 'answer', afterNs: Math.floor(random() * 50 * MS), ok: true };
          },
          clients: script(8, () => Math.floor(random() * 3) * MS),
        });
        assert.ok(transport.mostOpen <= count && end.maxInFlight <= count, `${transport.mostOpen}`);
        assert.deepEqual([...open.values()], new Array(count).fill(8));
        const { planned, ok, errors } = end.accounting;
        assert.deepEqual([planned, ok + errors], [8 * count, 8 * count]);
      }),
      { numRuns: 40 },
    );
  });

  it('sends nothing that is due after its time, and leaves nothing unsent', async () => {
    const { settled, end } = await clients(first(4, 300 * MS), {
      fateOf: () => ({ kind: 'answer', afterNs: 40 * MS, ok: true }),
      clients: script(1000, () => 60 * MS, SECOND),
    });
    const anchorNs = end.startNs ?? Number.NaN;
    assert.ok(settled.every(({ dueNs }) => dueNs < anchorNs + SECOND));
    // Every 100 ms from 0, 300, 600 and 900 ms on.
    assert.equal(settled.length, 10 + 7 + 4 + 1);
    assert.deepEqual([end.accounting.unsent, end.accounting.planned, end.stop], [0, 22, 'end']);
  });

  it('ends when it is interrupted: what waits for its time is unsent, and nothing new is planned', async () => {
    const controller = new AbortController();
    const { end } = await clients(first(5), {
      signal: controller.signal,
      fateOf: () => ({ kind: 'answer', afterNs: 10 * MS, ok: true }),
      clients: script(1_000_000, () => 10 * MS),
      meanwhile: (clock) => clock.at(clock.nowNs() + SECOND, () => controller.abort()),
    });
    const { planned, ok, unsent } = end.accounting;
    assert.equal(end.stop, 'interrupted');
    assert.ok(ok > 100 && unsent <= 5 && planned === ok + unsent);
    assert.equal(end.planComplete, false);
  });

  it('ends with a source that breaks, and at once where there are no clients', async () => {
    const none = await clients([], { clients: script(1, () => 0) });
    assert.deepEqual([none.end.stop, none.end.accounting.planned], ['end', 0]);
    const broken = await clients([], {
      clients: script(1, () => 0),
      batches: async function* () {
        yield first(1);
        throw new Error('gone');
      },
    });
    assert.equal(broken.end.stop, 'source_error');
    assert.equal(broken.end.accounting.planned, 1);
  });
});

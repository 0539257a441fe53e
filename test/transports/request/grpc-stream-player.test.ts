import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GrpcStream } from '../../../src/trace/record/record.ts';
import { StreamPlayer, streamSteps } from '../../../src/transports/request/grpc-stream-player.ts';
import fc from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';
import { MS } from '../../support/replay-harness.ts';
import { streamWith } from '../../support/stream-transport.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const START_NS = 1e12;

/** What a player does on a virtual clock, in ms after its stream left; `leavesNs` after it was opened. */
async function playedMs(stream: GrpcStream, timeScale: number, leavesNs = 0): Promise<[string, number][]> {
  const clock = createVirtualClock(START_NS);
  const done: [string, number][] = [];
  const note = (what: string): void => {
    done.push([what, (clock.nowNs() - START_NS - leavesNs) / MS]);
  };
  const sink = {
    write: () => note('message'),
    halfClose: () => note('half-close'),
    cancel: () => {
      note('cancel');
      player.stop();
    },
  };
  const player = new StreamPlayer(streamSteps(makeRecord(0, { stream }), timeScale), sink, clock);
  player.open();
  clock.at(START_NS + leavesNs, () => player.started());
  await clock.advance(START_NS + 1e12);
  return done;
}

describe('a stream player', () => {
  const stream = { ...streamWith([0, 10 * MS, 30 * MS]), halfCloseNs: 40 * MS, cancelNs: 100 * MS };

  it('divides the gaps by the multiplier, those of half-close and cancel too', async () => {
    for (const timeScale of [0.5, 1, 4]) {
      assert.deepEqual(await playedMs(stream, timeScale), [
        ['message', 0],
        ['message', 10 / timeScale],
        ['message', 30 / timeScale],
        ['half-close', 40 / timeScale],
        ['cancel', 100 / timeScale],
      ]);
    }
  });

  it('does at once what the recording did, and counts the rest from when the first byte left', async () => {
    assert.deepEqual(await playedMs(stream, 1, 5 * MS), [
      ['message', -5],
      ['message', 10],
      ['message', 30],
      ['half-close', 40],
      ['cancel', 100],
    ]);
  });

  it('stops where it is told to, also by what it does itself', async () => {
    const cancelled = { ...streamWith([0, 0, 10 * MS]), cancelNs: 0 };
    assert.deepEqual(await playedMs(cancelled, 1), [
      ['message', 0],
      ['message', 0],
      ['cancel', 0],
    ]);
  });

  it('plays any stream in the order of its times, never early, and drifts nowhere', async () => {
    const offsets = fc.array(fc.nat(1000 * MS), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(offsets, fc.constantFrom(0.5, 1, 3, 4), async (clientNs, timeScale) => {
        const played = await playedMs(streamWith(clientNs), timeScale, 7);
        const dueMs = clientNs
          .map((ns) => Math.round(ns / timeScale))
          .sort((a, b) => a - b)
          .map((ns) => (ns === 0 ? -7 : ns) / MS);
        assert.deepEqual(
          played,
          dueMs.map((ms) => ['message', ms]),
        );
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});

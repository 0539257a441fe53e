import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { joinPausedPieces } from '../../../src/capture/relay/join-paused-pieces.ts';
import fc from '../../support/fast-check.ts';

type Step = 'pause' | 'resume' | number;

/** A stream whose pieces are joined while it is paused, and what came out of it. */
function open() {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  joinPausedPieces(socket as unknown as TLSSocket);
  const pieces: Buffer[] = [];
  let isEnded = false;
  socket.on('data', (chunk: Buffer) => pieces.push(chunk));
  socket.on('end', () => {
    isEnded = true;
  });
  return { socket, pieces, isEnded: () => isEnded };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('pieces that come to a paused socket', () => {
  it('are all handed on, in order, whenever it is paused, resumed and ended', async () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 3_000, max: 9_000 }));
    const step = fc.oneof({ weight: 4, arbitrary: size }, fc.constantFrom<Step>('pause', 'resume'));
    const steps = fc.array(fc.tuple(step, fc.boolean()), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, async (given) => {
        const { socket, pieces, isEnded } = open();
        const sent: Buffer[] = [];
        let sentBytes = 0;
        for (const [what, isTurn] of given) {
          if (typeof what === 'number') {
            const piece = Buffer.from(Array.from({ length: what }, (_, i) => (sentBytes + i) % 251));
            sentBytes += what;
            sent.push(piece);
            socket.push(piece);
          } else socket[what]();
          if (isTurn) await turn();
        }
        socket.push(null);
        socket.resume();
        while (!isEnded()) await turn();
        assert.ok(Buffer.concat(pieces).equals(Buffer.concat(sent)));
      }),
    );
  });

  it('cost what their bytes do: ten thousand of one byte are few, and the stream is told to stop', async () => {
    const { socket, pieces } = open();
    await turn();
    socket.pause();
    for (let i = 0; i < 10_000; i++) {
      const isMoreWanted = socket.push(Buffer.from('x'));
      assert.ok(i === 0 || !isMoreWanted);
    }
    socket.resume();
    await turn();
    assert.equal(Buffer.concat(pieces).length, 10_000);
    assert.ok(pieces.length < 6, `${pieces.length} pieces`);
  });
});

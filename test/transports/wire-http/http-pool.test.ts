import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { SendOutcome } from '../../../src/replay/ports.ts';
import { ConnectionBudget } from '../../../src/transports/connect/connection-budget.ts';
import { FirstWords } from '../../../src/transports/wire-http/first-words.ts';
import { HttpPool } from '../../../src/transports/wire-http/http-pool.ts';
import { WireExchange } from '../../../src/transports/wire-http/wire-exchange.ts';
import type { WireSocketEvents } from '../../../src/transports/wire-http/wire-socket.ts';

const ANSWER = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');

/** A pool over sockets that open in the next turn, and answer in the one after a request where the server does. */
function createPool(answers: boolean, mostConnections = Infinity, nowNs = () => 0) {
  const opened: Socket[] = [];
  const openSocket = (events: WireSocketEvents): Socket => {
    const write = (): boolean => {
      if (answers) setImmediate(() => events.onBytes(ANSWER, ANSWER.length));
      return true;
    };
    const socket = { write, destroy: () => {}, writableLength: 0 } as unknown as Socket;
    opened.push(socket);
    setImmediate(() => events.onOpen());
    return socket;
  };
  const pool = new HttpPool({
    openSocket,
    clock: { nowNs },
    keepAliveMs: 1000,
    mostConnections,
    budget: new ConnectionBudget(Infinity, () => {}),
    firstWords: new FirstWords(),
  });
  return { pool, opened };
}

function place(pool: HttpPool, count: number) {
  const sent: number[] = [];
  const heldNs: number[] = [];
  const done: SendOutcome[] = [];
  const exchanges = Array.from({ length: count }, (_, number) => {
    const listener = {
      onSent: (held = 0) => {
        sent.push(number);
        heldNs.push(held);
      },
      onFirstAnswer: () => {},
      onDone: (outcome: SendOutcome) => void done.push(outcome),
    };
    return new WireExchange(listener, false, Buffer.from('GET / HTTP/1.1\r\n\r\n'), undefined);
  });
  for (const exchange of exchanges) pool.place(exchange);
  return { sent, heldNs, done };
}

async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns += 1) {
    assert.ok(turns < 10_000, 'it never came to that');
    await turn();
  }
}

describe('the pool of HTTP connections', () => {
  it('lets what is due at once wait for connections that free themselves, and opens none for it', async () => {
    const { pool, opened } = createPool(true);
    await pool.warm(4);
    const { sent, done } = place(pool, 100);
    await until(() => done.length === 100);
    assert.equal(opened.length, 4);
    assert.deepEqual(
      sent,
      Array.from({ length: 100 }, (_, number) => number),
    );
    pool.close();
  });

  it('opens one for each that waits for a server that does not answer', async () => {
    const { pool, opened } = createPool(false);
    await pool.warm(4);
    const { sent } = place(pool, 100);
    await until(() => sent.length === 100);
    assert.equal(opened.length, 100);
    pool.close();
  });

  it('counts the wait for a busy connection on the clock it is given', async () => {
    let ns = 0;
    const { pool } = createPool(true, 1, () => ns);
    await pool.warm(1);
    const { heldNs, done } = place(pool, 2);
    ns = 7e6;
    await until(() => done.length === 2);
    assert.deepEqual(heldNs, [0, 7e6]);
    pool.close();
  });

  it('opens the first ones at once', () => {
    const { pool, opened } = createPool(true);
    place(pool, 3);
    assert.equal(opened.length, 3);
    pool.close();
  });
});

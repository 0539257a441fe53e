import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { Transport } from '../../../src/replay/ports.ts';
import {
  createWireHttpTransport,
  type WireHttpTransportOptions,
} from '../../../src/transports/wire-http/wire-http-transport.ts';
import { makeRecord } from '../../support/make-record.ts';
import { type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';
import { sendAndWatch, until } from '../../support/send-and-watch.ts';
import { answerOk, isHead, OK, type OnData } from '../conformance-http-support.ts';

async function withWire(
  onData: OnData,
  body: (transport: Transport, server: ScriptedServer) => Promise<void>,
  options: Partial<WireHttpTransportOptions> = {},
): Promise<void> {
  const server = await startScriptedServer(onData);
  const transport = createWireHttpTransport({
    origin: new URL(`http://127.0.0.1:${server.port}`),
    ...options,
  });
  try {
    await body(transport, server);
  } finally {
    await transport.close();
    await server.close();
  }
}

async function send(transport: Transport, path = '/'): Promise<void> {
  const outcome = await sendAndWatch(transport, makeRecord(0, { path })).done;
  assert.equal(outcome.status, 200, outcome.detail);
}

/** Answers all alike, with these header lines added. */
const answering =
  (...fields: string[]): OnData =>
  (socket, text) => {
    if (!isHead(text)) return false;
    socket.write(OK.replace('\r\n\r\n', `\r\n${fields.join('\r\n')}\r\n\r\n`));
    return true;
  };

const AGES: [what: string, fields: string[], keepAliveMs: number, idleMs: number, connections: number][] = [
  ['our own limit is kept', ['A: b'], 5000, 4999, 1],
  ['our own limit is over', ['A: b'], 5000, 5000, 2],
  ['the limit of the server counts, less a second', ['Keep-Alive: timeout=5, max=100'], 30_000, 3999, 1],
  [
    'a second before the server closes a connection it is given up',
    ['Keep-Alive: timeout=5'],
    30_000,
    4000,
    2,
  ],
  ['of a short limit half is taken', ['Keep-Alive: max=9,timeout=1'], 30_000, 499, 1],
  ['and not more than half', ['Keep-Alive: Timeout = 1'], 30_000, 500, 2],
  ['a limit of the server does not raise ours', ['Keep-Alive: timeout=500'], 5000, 5000, 2],
  ['a timeout of 0 means that it will close', ['Keep-Alive: timeout=0'], 30_000, 0, 2],
  ['the last of the requests a server takes is the last', ['Keep-Alive: timeout=9, max=0'], 30_000, 0, 2],
];

for (const [what, fields, keepAliveMs, idleMs, connections] of AGES) {
  test(`wire: idle connections: ${what}`, async () => {
    let nowNs = 1000e6;
    await withWire(
      answering(...fields),
      async (transport, server) => {
        await send(transport);
        nowNs += idleMs * 1e6;
        await send(transport);
        assert.equal(server.received.length, connections);
      },
      { keepAliveMs, clock: { nowNs: () => nowNs } },
    );
  });
}

test('wire: behind HTTP/1.0 the connection is not used again, whatever the server says, but where its client kept it', async () => {
  await withWire(answerOk, async (transport, server) => {
    const send = async (headers: string[], httpVersion?: '1.0'): Promise<void> => {
      const { done } = sendAndWatch(transport, makeRecord(0, { headers, httpVersion }));
      assert.equal((await done).ok, true);
    };
    await send([]);
    await send([], '1.0');
    assert.equal(server.received.length, 1, 'it may be the last on a kept one');
    await send(['Connection', 'close'], '1.0');
    for (const version of ['1.0', '1.0', undefined] as const)
      await send(['Connection', 'keep-alive'], version);
    const versions = server.received.map((text) => text.match(/HTTP\/1\.[01]/g)?.join(' '));
    assert.deepEqual(versions, ['HTTP/1.1 HTTP/1.0', 'HTTP/1.0', 'HTTP/1.0 HTTP/1.0 HTTP/1.1']);
  });
});

test('wire: a server says once that it takes two more requests, and gets two more', async () => {
  await withWire(
    (socket, text, connection) => {
      if (!isHead(text)) return false;
      const isFirst = connection === 0 && text.includes('/0');
      socket.write(isFirst ? OK.replace('\r\n\r\n', '\r\nKeep-Alive: max=2\r\n\r\n') : OK);
      return true;
    },
    async (transport, server) => {
      for (let number = 0; number < 5; number += 1) await send(transport, `/${number}`);
      assert.deepEqual(
        server.received.map((text) => text.match(/GET/g)?.length),
        [3, 2],
      );
    },
  );
});

test('wire: a kept connection that closes on the next request fails it, and it is not sent again', async () => {
  await withWire(
    (socket, text) => {
      if (!isHead(text)) return false;
      if (text.includes('/first')) socket.write(OK);
      else socket.end();
      return true;
    },
    async (transport, server) => {
      await send(transport, '/first');
      const outcome = await sendAndWatch(transport, makeRecord(0, { path: '/second' })).done;
      assert.equal(outcome.failure, 'keepalive_closed');
      assert.match(outcome.detail, /kept connection/);
      await send(transport, '/first/again');
      assert.equal(server.received.join('').match(/second/g)?.length, 1);
    },
  );
});

test('wire: an answer before the whole request was written counts, and its connection is not used again', async () => {
  await withWire(
    (socket, _, connection) => {
      if (connection > 0) socket.write(OK);
      else {
        socket.pause();
        socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n');
      }
      return true;
    },
    async (transport, server) => {
      const body = Buffer.alloc(30_000_000);
      const outcome = await sendAndWatch(transport, makeRecord(0, { method: 'POST', body })).done;
      assert.deepEqual([outcome.status, outcome.failure], [413, undefined]);
      await send(transport);
      assert.equal(server.received.length, 2);
    },
  );
});

test('wire: bytes nobody asked for cost an idle connection, not the next operation', async () => {
  await withWire(
    (socket, text) => {
      if (!isHead(text)) return false;
      socket.write(OK, () => setTimeout(() => socket.write('HTTP/1.1 500 For whom?\r\n\r\n'), 20));
      return true;
    },
    async (transport) => {
      for (let count = 0; count < 4; count += 1) {
        await send(transport);
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
    },
  );
});

test('wire: a server that speaks first is no HTTP server', async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write('220 mail.example\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const transport = createWireHttpTransport({ origin: new URL(`http://127.0.0.1:${port}`) });
  const outcome = await sendAndWatch(transport, makeRecord(0)).done;
  assert.ok(['bad_response', 'connection_closed'].includes(outcome.failure ?? ''), outcome.detail);
  await transport.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test('wire: who is given up while it connects leaves room for the next', async () => {
  // It takes connections and never speaks TLS.
  await withWire(
    () => true,
    async (_, server) => {
      const origin = new URL(`https://127.0.0.1:${server.port}`);
      const transport = createWireHttpTransport({ origin, connections: 1, tls: { insecure: true } });
      const first = sendAndWatch(transport, makeRecord(0));
      const second = sendAndWatch(transport, makeRecord(0));
      await until(() => server.received.length === 1, 'the first connects');
      first.cancel();
      assert.equal((await first.done).failure, 'cancelled');
      second.cancel();
      assert.equal((await second.done).failure, 'cancelled');
      const third = sendAndWatch(transport, makeRecord(0));
      await until(() => server.received.length === 2, 'another connection is made');
      await transport.close();
      assert.equal((await third.done).failure, 'cancelled');
      assert.deepEqual(third.calls, ['done']);
    },
  );
});

test('wire: a name with several addresses is tried until one answers', async () => {
  await withWire(answerOk, async (_, server) => {
    const transport = createWireHttpTransport({ origin: new URL(`http://localhost:${server.port}`) });
    await transport.warmUp();
    await send(transport);
    assert.match(server.received.join(''), new RegExp(`host: localhost:${server.port}`));
    await transport.close();
  });
});

test('wire: who answers at once and is sent the next from there keeps to one connection', async () => {
  await withWire(answerOk, async (transport, server) => {
    await new Promise<void>((resolve, reject) => {
      let left = 500;
      const next = (): void => {
        transport.send(makeRecord(0), 1, {
          onSent() {},
          onFirstAnswer() {},
          onDone(outcome) {
            if (outcome.status !== 200) reject(new Error(outcome.detail));
            left -= 1;
            if (left === 0) resolve();
            else next();
          },
        });
      };
      next();
    });
    assert.equal(server.received.length, 1);
  });
});

test('wire: given up from its own callbacks, an operation still ends once and harms nobody', async () => {
  await withWire(answerOk, async (transport) => {
    await send(transport);
    for (const from of ['onSent', 'onFirstAnswer'] as const) {
      const calls: string[] = [];
      const outcome = await new Promise<{ failure: unknown }>((resolve) => {
        const given: { cancel?: () => void } = {};
        const note = (call: string): void => {
          calls.push(call);
          // `onSent` comes before `send` has returned the way to give up.
          if (call === from) given.cancel?.();
        };
        given.cancel = transport.send(makeRecord(0), 1, {
          onSent: () => note('onSent'),
          onFirstAnswer: () => note('onFirstAnswer'),
          onDone: resolve,
        });
        if (from === 'onSent') given.cancel();
      });
      assert.equal(outcome.failure, 'cancelled');
      assert.equal(calls.at(-1), from);
      await send(transport);
    }
  });
});

test('wire: while a server resets, closes, stalls and spoils, each operation ends exactly once', async () => {
  let count = 0;
  await withWire(
    (socket, text) => {
      if (!isHead(text)) return false;
      count += 1;
      if (count % 97 === 0) socket.resetAndDestroy();
      else if (count % 53 === 0) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf');
      else if (count % 41 === 0) socket.write('rubbish');
      else if (count % 37 === 0) setTimeout(() => socket.write(OK), 5);
      else if (count % 29 === 0) socket.end(OK);
      else socket.write(OK);
      return true;
    },
    async (transport) => {
      const all = Array.from({ length: 3000 }, () => sendAndWatch(transport, makeRecord(0)).done);
      const outcomes = await Promise.all(all);
      const sums: Record<string, number> = {};
      for (const { failure, status } of outcomes) {
        const key = `${failure ?? status}`;
        sums[key] = (sums[key] ?? 0) + 1;
      }
      const { '200': good = 0, keepalive_closed: kept = 0, bad_response = 0 } = sums;
      const { connection_reset: reset = 0, connection_closed: closed = 0 } = sums;
      assert.equal(good + kept + reset + closed + bad_response, 3000, JSON.stringify(sums));
      assert.ok(
        good > 2500 && kept > 10 && kept + reset + closed > 40 && bad_response > 10,
        JSON.stringify(sums),
      );
      await send(transport);
    },
    { connections: 20 },
  );
});

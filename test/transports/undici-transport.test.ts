import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { FailureCode, Transport } from '../../src/replay/ports.ts';
import { EngramTraceError } from '../../src/trace/error.ts';
import { createUndiciTransport, type UndiciTransportOptions } from '../../src/transports/undici-transport.ts';
import { makeRecord } from '../support/replay-harness.ts';
import { freePort, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { sendAndWatch, until } from '../support/send-and-watch.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

type OnData = Parameters<typeof startScriptedServer>[0];

async function withServer(
  onData: OnData,
  body: (transport: Transport, server: ScriptedServer) => Promise<void>,
  options: Partial<UndiciTransportOptions> = {},
): Promise<void> {
  const server = await startScriptedServer(onData);
  const origin = new URL(`http://127.0.0.1:${server.port}`);
  const transport = createUndiciTransport({ origin, ...options });
  try {
    await body(transport, server);
  } finally {
    await transport.close();
    await server.close();
  }
}

/** True when a whole request head (and no body) was read. */
function isHead(text: string): boolean {
  return text.endsWith('\r\n\r\n');
}

const answerOk: OnData = (socket, text) => {
  if (!isHead(text)) return false;
  socket.write(OK);
  return true;
};

const lines = (text: string | undefined): string[] => (text ?? '').split('\r\n');

test('http: method, path, headers and body go out as recorded; those of the connection and secrets do not', async () => {
  const body = Buffer.from([0, 1, 2, 255, 13, 10]);
  const headers = [
    ...[
      'Host',
      'prod:7432',
      'X-Memory-Space',
      'one',
      'x-memory-space',
      'two',
      'Content-Type',
      'application/x',
    ],
    ...[
      'Authorization',
      'Bearer [redacted]',
      'Connection',
      'keep-alive, X-Hop',
      'X-Hop',
      '1',
      'TE',
      'trailers',
    ],
    ...[
      'Transfer-Encoding',
      'chunked',
      'Expect',
      '100-continue',
      'Proxy-Authorization',
      'x',
      'Upgrade',
      'h2c',
    ],
    ...['Keep-Alive', 'timeout=5', 'Content-Length', '99', 'User-Agent', 'caf\u00e9', 'Trailer', 'x'],
  ];
  const record = makeRecord(0, {
    method: 'PATCH',
    path: '/a%2Fb/\u00e9?q=1&api_key=[redacted]&z',
    headers,
    body,
  });
  await withServer(
    (socket, text) => {
      if (!text.includes('\r\n\r\n') || !text.endsWith('\xff\r\n')) return false;
      socket.write(OK);
      return true;
    },
    async (transport, server) => {
      const watched = sendAndWatch(transport, record);
      const outcome = await watched.done;
      assert.deepEqual(outcome, { status: 200, ok: true, failure: undefined, detail: '', responseBytes: 2 });
      assert.deepEqual(watched.calls, ['sent', 'first', 'done']);
      const [head = '', sentBody] = (server.received[0] ?? '').split('\r\n\r\n');
      assert.equal(sentBody, body.toString('latin1'));
      assert.deepEqual(lines(head), [
        'PATCH /a%2Fb/\u00e9?q=1&z HTTP/1.1',
        `host: 127.0.0.1:${server.port}`,
        'connection: keep-alive',
        'X-Memory-Space: one',
        'x-memory-space: two',
        'Content-Type: application/x',
        'User-Agent: caf\u00e9',
        'X-Extra: 1',
        'content-length: 6',
      ]);
    },
    { headers: ['X-Extra', '1'] },
  );
});

test('http: given headers replace the recorded ones, also the host; keepHost keeps that', async () => {
  const record = makeRecord(0, {
    headers: ['Host', 'prod', 'Authorization', '[redacted]', 'A', '1', 'a', '2'],
  });
  const headers = ['authorization', 'Bearer t', 'A', '3'];
  await withServer(
    answerOk,
    async (transport, server) => {
      await sendAndWatch(transport, record).done;
      const sent = lines(server.received[0])
        .slice(1, -2)
        .filter((line) => !line.startsWith('connection'));
      assert.deepEqual(sent, ['host: prod', 'authorization: Bearer t', 'A: 3']);
    },
    { keepHost: true, headers },
  );
});

const ENDINGS: [
  what: string,
  act: (socket: Socket) => void,
  failure: FailureCode | undefined,
  status?: number,
][] = [
  ['a reset before the answer', (socket) => socket.resetAndDestroy(), 'connection_reset'],
  ['an end before the answer', (socket) => socket.end(), 'connection_closed'],
  ['garbage', (socket) => socket.write('\x00\x01 what?\r\n\r\n'), 'bad_response'],
  [
    'a header line that is none',
    (socket) => socket.write('HTTP/1.1 200 OK\r\nno colon\r\n\r\n'),
    'bad_response',
  ],
  ['a 100 nobody asked for', (socket) => socket.write(`HTTP/1.1 100 Continue\r\n\r\n${OK}`), 'bad_response'],
  ['an upgrade nobody asked for', (socket) => socket.write(UPGRADE), 'bad_response'],
  [
    'early hints, then the answer',
    (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n${OK}`),
    undefined,
    200,
  ],
  [
    'half an answer, then an end',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
    'connection_closed',
    200,
  ],
  ['half a head, then an end', (socket) => socket.end('HTTP/1.1 200 OK\r\nconte'), 'connection_closed'],
  [
    'half a chunked answer, then an end',
    (socket) => socket.end(`${CHUNKED}5\r\nhel`),
    'connection_closed',
    200,
  ],
  ['half of it and connection: close', (socket) => socket.end(HALF_CLOSE), 'connection_closed', 200],
  [
    'half a chunked answer and connection: close',
    (socket) => socket.end(CHUNKED_CLOSE),
    'connection_closed',
    200,
  ],
  ['a chunk size that is none', (socket) => socket.write(`${CHUNKED}xyz\r\n`), 'bad_response', 200],
  [
    'half a chunked answer, then a reset',
    (socket) => socket.write(`${CHUNKED}5\r\nhel`, () => setTimeout(() => socket.resetAndDestroy(), 50)),
    'connection_reset',
    200,
  ],
  [
    '300 KB of headers',
    (socket) => socket.write(`HTTP/1.1 200 OK\r\na: ${'x'.repeat(300_000)}\r\n\r\n`),
    'bad_response',
  ],
  [
    '100 KB of headers',
    (socket) => socket.write(`HTTP/1.1 200 OK\r\na: ${'x'.repeat(100_000)}\r\ncontent-length: 0\r\n\r\n`),
    undefined,
    200,
  ],
  ['404', (socket) => socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'), undefined, 404],
  [
    '302, which is not followed',
    (socket) => socket.write('HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n'),
    undefined,
    302,
  ],
  ['503', (socket) => socket.write('HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\nno'), undefined, 503],
  ['204', (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'), undefined, 204],
  [
    '304 with a length and no body',
    (socket) => socket.write('HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n'),
    undefined,
    304,
  ],
  [
    'a body up to the end of the connection',
    (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'),
    undefined,
    200,
  ],
  ['an answer a byte at a time', dribble, undefined, 200],
];
const CHUNKED_CLOSE = 'HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel';
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const HALF_CLOSE = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\nhalf';
const UPGRADE = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';

function dribble(socket: Socket): void {
  const bytes = [...OK];
  const next = (): void => {
    const byte = bytes.shift();
    if (byte !== undefined) socket.write(byte, () => setImmediate(next));
  };
  next();
}

for (const [what, act, failure, status] of ENDINGS) {
  test(`http: ${what} is ${failure ?? `status ${status}`}, and the next operation is not harmed`, async () => {
    let isFirst = true;
    await withServer(
      (socket, text) => {
        if (!isHead(text)) return false;
        if (isFirst) act(socket);
        else socket.write(OK);
        isFirst = false;
        return true;
      },
      async (transport) => {
        const watched = sendAndWatch(transport, makeRecord(0));
        const outcome = await watched.done;
        assert.equal(outcome.failure, failure, outcome.detail);
        assert.equal(outcome.status, status);
        assert.equal(outcome.ok, failure === undefined && (status ?? 999) < 400);
        assert.equal(watched.calls.includes('first'), status !== undefined);
        if (failure !== undefined) assert.ok(outcome.detail.length > 0);
        const next = await sendAndWatch(transport, makeRecord(0)).done;
        assert.equal(next.status, 200, next.detail);
      },
    );
  });
}

test('http: a HEAD answer has no body whatever its length says, and the connection is used again', async () => {
  await withServer(
    (socket, text) => {
      if (!isHead(text)) return false;
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
      return true;
    },
    async (transport, server) => {
      for (let count = 0; count < 5; count += 1) {
        const outcome = await sendAndWatch(transport, makeRecord(0, { method: 'HEAD' })).done;
        assert.deepEqual([outcome.status, outcome.responseBytes], [200, 0]);
      }
      assert.equal(server.received.length, 1);
    },
  );
});

test('http: one request at a time on a connection, as many connections as needed, and idle ones are used again', async () => {
  const open = new Set<Socket>();
  await withServer(
    (socket, text) => {
      assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1, 'never a second request before the answer');
      if (!isHead(text)) return false;
      open.add(socket);
      if (open.size === 20) for (const each of open) each.write(OK);
      return true;
    },
    async (transport, server) => {
      for (let round = 0; round < 3; round += 1) {
        open.clear();
        const all = Array.from({ length: 20 }, () => sendAndWatch(transport, makeRecord(0)).done);
        for (const outcome of await Promise.all(all)) assert.equal(outcome.status, 200);
      }
      assert.equal(server.received.length, 20);
    },
  );
});

test('http: with all connections taken an operation waits unsent, and leaves in turn', async () => {
  const held: Socket[] = [];
  await withServer(
    (socket, text) => {
      if (!isHead(text)) return false;
      held.push(socket);
      return true;
    },
    async (transport, server) => {
      const first = sendAndWatch(transport, makeRecord(0, { path: '/1' }));
      const second = sendAndWatch(transport, makeRecord(0, { path: '/2' }));
      const third = sendAndWatch(transport, makeRecord(0, { path: '/3' }));
      await until(() => held.length === 1, 'the first arrives');
      assert.deepEqual(second.calls, []);
      second.cancel();
      assert.equal((await second.done).failure, 'cancelled');
      assert.deepEqual(second.calls, ['done'], 'it was never sent');
      held[0]?.write(OK);
      await first.done;
      await third.sent;
      await until(() => held.length === 2, 'the third arrives');
      held[1]?.write(OK);
      assert.equal((await third.done).status, 200);
      assert.equal(server.received.length, 1);
      assert.ok(!server.received[0]?.includes('/2'));
    },
    { connections: 1 },
  );
});

test('http: what hangs is given up on request, in every stage', async () => {
  await withServer(
    (socket, text) => {
      if (text.includes('/half')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf');
      return isHead(text);
    },
    async (transport) => {
      const silent = sendAndWatch(transport, makeRecord(0, { path: '/silent' }));
      const half = sendAndWatch(transport, makeRecord(0, { path: '/half' }));
      await Promise.all([silent.sent, half.firstAnswer]);
      const unsent = sendAndWatch(transport, makeRecord(0));
      for (const each of [silent, half, unsent]) each.cancel();
      const outcomes = await Promise.all([silent.done, half.done, unsent.done]);
      assert.deepEqual(
        outcomes.map((outcome) => [outcome.failure, outcome.status]),
        [
          ['cancelled', undefined],
          ['cancelled', 200],
          ['cancelled', undefined],
        ],
      );
      for (const each of [silent, half, unsent]) each.cancel();
    },
  );
});

test('http: close ends what is open, and afterwards nothing is sent', async () => {
  await withServer(
    (_, text) => isHead(text),
    async (transport) => {
      const watched = [1, 2, 3].map(() => sendAndWatch(transport, makeRecord(0)));
      await watched[0]?.sent;
      await transport.close();
      for (const { done } of watched) assert.equal((await done).failure, 'cancelled');
      assert.equal((await sendAndWatch(transport, makeRecord(0)).done).failure, 'cancelled');
    },
    { connections: 2 },
  );
});

test('http: nothing listening fails each operation and the warm-up, which names the target', async () => {
  const port = await freePort();
  const transport = createUndiciTransport({ origin: new URL(`http://127.0.0.1:${port}`) });
  await assert.rejects(transport.warmUp(), (thrown) => {
    assert.ok(thrown instanceof EngramTraceError);
    assert.equal(thrown.code, 'target');
    assert.match(thrown.message, new RegExp(`127\\.0\\.0\\.1:${port}.*ECONNREFUSED`));
    return true;
  });
  const watched = [1, 2, 3].map(() => sendAndWatch(transport, makeRecord(0)));
  for (const { done, calls } of watched) {
    assert.equal((await done).failure, 'connect_failed');
    assert.deepEqual(calls, ['done']);
  }
  await transport.close();
});

test('http: the warm-up sends nothing, and its connections are the ones used', async () => {
  await withServer(answerOk, async (transport, server) => {
    await transport.warmUp();
    await until(() => server.received.length === 4, 'the connections arrive');
    assert.deepEqual(server.received, ['', '', '', '']);
    assert.equal((await sendAndWatch(transport, makeRecord(0)).done).status, 200);
    assert.equal(server.received.length, 4);
  });
});

test('http: a server that closes after each answer costs connections, not operations', async () => {
  await withServer(
    (socket, text) => {
      if (!isHead(text)) return false;
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return true;
    },
    async (transport, server) => {
      for (let count = 0; count < 20; count += 1) {
        const outcome = await sendAndWatch(transport, makeRecord(0)).done;
        assert.equal(outcome.status, 200, outcome.detail);
      }
      assert.equal(server.received.length, 20);
    },
  );
});

test('http: a server that closes idle connections costs nothing either', async () => {
  await withServer(
    (socket, text) => {
      if (!isHead(text)) return false;
      socket.write(OK, () => setTimeout(() => socket.destroy(), 5));
      return true;
    },
    async (transport) => {
      for (let count = 0; count < 5; count += 1) {
        const outcome = await sendAndWatch(transport, makeRecord(0)).done;
        assert.equal(outcome.status, 200, outcome.detail);
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    },
  );
});

test('http: what can not be sent is refused as bad_request', async () => {
  await withServer(answerOk, async (transport, server) => {
    const bad = [
      makeRecord(0, { path: '/with space' }),
      makeRecord(0, { path: '*', method: 'OPTIONS' }),
      makeRecord(0, { path: '' }),
      makeRecord(0, { method: 'B A D' }),
      makeRecord(0, { method: 'CONNECT', path: 'a:1' }),
      makeRecord(0, { headers: ['bad name', 'x'] }),
      makeRecord(0, { headers: ['a', 'line\r\nbreak'] }),
    ];
    for (const record of bad) {
      const watched = sendAndWatch(transport, record);
      assert.equal((await watched.done).failure, 'bad_request', `${record.method} ${record.path}`);
      assert.deepEqual(watched.calls, ['done']);
    }
    assert.deepEqual(server.received.join(''), '');
    assert.equal((await sendAndWatch(transport, makeRecord(0)).done).status, 200);
  });
});

test('http: 16 KB of URL go out whole', async () => {
  const path = `/?q=${'x'.repeat(16_384)}`;
  await withServer(answerOk, async (transport, server) => {
    assert.equal((await sendAndWatch(transport, makeRecord(0, { path })).done).status, 200);
    assert.equal(lines(server.received[0])[0], `GET ${path} HTTP/1.1`);
  });
});

test('http: a target with a path is a usage error', () => {
  for (const url of ['http://h:1/base', 'http://h:1/?q', 'http://user:pass@h:1']) {
    assert.throws(
      () => createUndiciTransport({ origin: new URL(url) }),
      (thrown) =>
        thrown instanceof EngramTraceError && thrown.code === 'usage' && !thrown.hint?.includes('pass'),
    );
  }
});

test('http: a TLS target that does not speak TLS fails as tls', async () => {
  await withServer(
    (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    async (_, server) => {
      const transport = createUndiciTransport({
        origin: new URL(`https://127.0.0.1:${server.port}`),
        tls: { insecure: true },
      });
      const outcome = await sendAndWatch(transport, makeRecord(0)).done;
      assert.equal(outcome.failure, 'tls', outcome.detail);
      await transport.close();
    },
  );
});

test('http: bodies arrive bit for bit, also large ones, with a content-length, also in a GET', async () => {
  const seen: { method: string; digest: string; length: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const hash = createHash('sha256');
    request.on('data', (chunk) => hash.update(chunk));
    request.on('end', () => {
      const { method = '', headers } = request;
      seen.push({ method, digest: hash.digest('hex'), length: headers['content-length'] });
      response.end('x'.repeat(100_000));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const transport = createUndiciTransport({ origin: new URL(`http://127.0.0.1:${port}`) });
  const whole = Buffer.alloc(5_000_000, 'abcdefghijk');
  for (const [method, body] of [
    ['PUT', whole],
    ['GET', whole.subarray(7, 107)],
    ['POST', Buffer.alloc(0)],
  ] as const) {
    const outcome = await sendAndWatch(transport, makeRecord(0, { method, body })).done;
    assert.deepEqual([outcome.status, outcome.responseBytes], [200, 100_000]);
    const expected = {
      method,
      digest: createHash('sha256').update(body).digest('hex'),
      length: `${body.length}`,
    };
    assert.deepEqual(seen.at(-1), expected);
  }
  await transport.close();
  await new Promise((resolve) => server.close(resolve));
});

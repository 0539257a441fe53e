import assert from 'node:assert/strict';
import { readFileSync, readSync } from 'node:fs';
import net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import tls from 'node:tls';
import { type RelayOptions, startRelay } from '../../../src/capture/relay/relay.ts';
import { relayConnection } from '../../../src/capture/relay/relay-connection.ts';
import type { Tap } from '../../../src/capture/taps/tap.ts';
import fc from '../../support/fast-check.ts';
import { LOOPBACK, listenFor, until } from '../support.ts';

const WAIT_MS = 60_000;

/** What one end of a connection has seen of the other. */
interface Seen {
  bytes: number;
  /** The kernel's word: a proper end, or a reset; '' before either. */
  end: '' | 'fin' | 'reset';
}

/** Watches a socket that only reads from here on, so that no write of its own can hide how it ends. */
function observe(socket: net.Socket): Seen {
  const seen: Seen = { bytes: 0, end: '' };
  socket.on('data', (chunk: Buffer) => {
    seen.bytes += chunk.length;
  });
  socket.on('end', () => {
    seen.end = isReset(socket) ? 'reset' : 'fin';
  });
  socket.on('error', () => {
    seen.end = 'reset';
  });
  return seen;
}

/** libuv calls it an end when it finds data and a reset together; the error is still there to be read. */
function isReset(socket: net.Socket): boolean {
  try {
    readSync((socket as unknown as { _handle: { fd: number } })._handle.fd, Buffer.alloc(1));
    return false;
  } catch {
    return true;
  }
}

interface Watched {
  tap: Tap;
  told: string[];
  fromClient: number;
  fromServer: number;
}

/** A tap that notes what it is told. */
function watchTap(): Watched {
  const watched: Watched = {
    told: [],
    fromClient: 0,
    fromServer: 0,
    tap: {
      fromClient: (chunk) => {
        watched.fromClient += chunk.length;
      },
      fromServer: (chunk) => {
        watched.fromServer += chunk.length;
      },
      serverEnded: () => watched.told.push('serverEnded'),
      closed: (end) => watched.told.push(end),
      idle: true,
    },
  };
  return watched;
}

/** Two ends of one connection over loopback. */
async function connectedPair(t: TestContext): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true });
  const port = await listenFor(t, server);
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const near = net.connect({ port, host: LOOPBACK, allowHalfOpen: true, noDelay: true });
  t.after(() => near.destroy());
  await new Promise((resolve) => near.once('connect', resolve));
  return [near, await accepted];
}

interface Scene {
  client: net.Socket;
  /** The relay's two sockets. */
  inner: { client: net.Socket; upstream: net.Socket };
  server: net.Socket;
  tap: Watched;
}

/** A relayed connection of which the test holds all four sockets. What one tick does to them is there at once. */
async function openScene(t: TestContext): Promise<Scene> {
  const [client, innerClient] = await connectedPair(t);
  const [upstream, server] = await connectedPair(t);
  const tap = watchTap();
  const nowNs = (): number => performance.now() * 1e6;
  relayConnection({ client: innerClient, upstream, tap: tap.tap, nowNs }, () => {});
  upstream.emit('connect'); // it was, before the relay had it
  return { client, inner: { client: innerClient, upstream }, server, tap };
}

const ANSWER = 'HTTP/1.1 413 Too Long\r\nContent-Length: 3\r\n\r\nabc';

describe('the ends of a relayed connection', () => {
  it('reads what the server said before its reset, though a write finds the reset first', async (t) => {
    const { client, inner, server, tap } = await openScene(t);
    const seen = observe(client);
    server.on('error', () => {});
    server.write(ANSWER);
    server.resetAndDestroy();
    inner.client.emit('data', Buffer.from('more of the upload')); // in this tick: the write meets the reset
    await until(() => seen.end !== '' && tap.told.length > 0, 'all is over', WAIT_MS);
    assert.deepEqual(seen, { bytes: ANSWER.length, end: 'reset' });
    assert.deepEqual([tap.told, tap.fromServer], [['upstream_reset'], ANSWER.length]);
  });

  for (const isHalfClosed of [false, true]) {
    it(`takes no reset for an end, client half-closed: ${isHalfClosed}`, async (t) => {
      const { client, inner, server, tap } = await openScene(t);
      const seen = observe(client);
      server.resume();
      if (isHalfClosed) {
        client.end('all of it');
        await until(() => inner.upstream.writableFinished && server.readableEnded, 'it is handed on');
      }
      server.write(ANSWER);
      server.resetAndDestroy();
      await until(() => seen.end !== '' && tap.told.length > 0, 'all is over', WAIT_MS);
      assert.deepEqual(seen, { bytes: ANSWER.length, end: 'reset' });
      assert.deepEqual(tap.told, ['upstream_reset']);
    });
  }

  for (const isWriteFirst of [false, true]) {
    it(`hands on what waited for a slow client, then the reset, write error: ${isWriteFirst}`, async (t) => {
      const { client, inner, server, tap } = await openScene(t);
      const { upstream } = inner;
      client.pause();
      const said = Buffer.alloc(64 * 1024);
      while (!upstream.isPaused()) {
        server.write(said);
        await new Promise((resolve) => setImmediate(resolve));
      }
      server.resetAndDestroy();
      if (isWriteFirst) inner.client.emit('data', Buffer.from('upload'));
      const seen = observe(client);
      client.resume();
      await until(() => seen.end !== '' && tap.told.length > 0, 'all is over', WAIT_MS);
      assert.deepEqual(seen, { bytes: upstream.bytesRead, end: 'reset' });
      assert.deepEqual(tap.told, ['upstream_reset']);
    });
  }

  it('hands a last small piece on that came behind a full one, then the reset', async (t) => {
    const { client, inner, server, tap } = await openScene(t);
    const seen = observe(client);
    inner.upstream.pause(); // as back-pressure does
    server.write('small'); // too little to make the stream stop reading: the reset comes while it waits
    server.resetAndDestroy();
    await until(() => inner.upstream.readableLength > 0, 'it is read');
    await new Promise((resolve) => setTimeout(resolve, 50));
    inner.upstream.resume();
    await until(() => seen.end !== '' && tap.told.length > 0, 'all is over', WAIT_MS);
    assert.deepEqual(seen, { bytes: 5, end: 'reset' });
    assert.deepEqual(tap.told, ['upstream_reset']);
  });

  it('tells the client of a reset though it never reads', async (t) => {
    const { client, inner, server, tap } = await openScene(t);
    client.pause();
    let failed = '';
    client.on('error', (error: NodeJS.ErrnoException) => {
      failed = error.code ?? '';
    });
    while (!inner.upstream.isPaused()) {
      server.write(Buffer.alloc(64 * 1024));
      await new Promise((resolve) => setImmediate(resolve));
    }
    server.resetAndDestroy();
    inner.client.emit('data', Buffer.from('upload'));
    await until(() => tap.told.length > 0, 'the relay is done', WAIT_MS);
    client.write('is anybody there');
    await until(() => failed !== '', 'the client is told', WAIT_MS);
    assert.match(failed, /ECONNRESET|EPIPE/);
  });

  it('hands on a proper end though the client sends on and on', async (t) => {
    const { client, inner, server, tap } = await openScene(t);
    const seen = observe(client);
    server.end(ANSWER);
    server.resume();
    await until(() => seen.end !== '', 'the client has the end', WAIT_MS);
    server.destroy();
    inner.client.emit('data', Buffer.from('more'));
    await new Promise((resolve) => setImmediate(resolve));
    inner.client.emit('data', Buffer.from('and more')); // EPIPE
    await until(() => tap.told.length === 2, 'all is over', WAIT_MS);
    assert.deepEqual(seen, { bytes: ANSWER.length, end: 'fin' });
    assert.deepEqual(tap.told, ['serverEnded', 'incomplete']);
  });

  it('hands on a proper end that comes together with EPIPE', async (t) => {
    const { client, inner, server, tap } = await openScene(t);
    const seen = observe(client);
    server.end(ANSWER);
    server.once('finish', () => {
      server.destroy();
      inner.client.emit('data', Buffer.from('more'));
      inner.client.emit('data', Buffer.from('and more'));
    });
    await until(() => seen.end !== '' && tap.told.length === 2, 'all is over', WAIT_MS);
    assert.deepEqual(seen, { bytes: ANSWER.length, end: 'fin' });
    assert.deepEqual(tap.told, ['serverEnded', 'incomplete']);
  });

  for (const isWriteFirst of [false, true]) {
    it(`hands the client's last words on before its reset, write error: ${isWriteFirst}`, async (t) => {
      const { client, inner, server, tap } = await openScene(t);
      const seen = observe(server);
      client.on('error', () => {});
      client.write('POST');
      client.resetAndDestroy();
      if (isWriteFirst) inner.upstream.emit('data', Buffer.from('an answer'));
      await until(() => seen.end !== '' && tap.told.length > 0, 'all is over', WAIT_MS);
      assert.deepEqual(seen, { bytes: 4, end: 'reset' });
      assert.deepEqual([tap.told, tap.fromClient, tap.fromServer], [['client_aborted'], 4, 0]);
    });
  }

  it('hands on what a client says that resets before the server is reached', async (t) => {
    const { port, taps, servers } = await relayTo(t, () => {});
    const client = net.connect(port, LOOPBACK);
    client.on('error', () => {});
    client.once('connect', () => {
      client.write('1 fire and forget');
      client.resetAndDestroy();
    });
    await until(() => servers[0]?.end === 'reset' && taps[0]?.told.length === 1, 'all is over', WAIT_MS);
    assert.deepEqual(servers[0], { bytes: 17, end: 'reset' });
    assert.deepEqual(taps[0]?.told, ['client_aborted']);
  });
});

/** A relay in front of a server that serves as told, once the first bytes of a connection are there. */
async function relayTo(
  t: TestContext,
  serve: (socket: net.Socket, first: Buffer) => void,
  options: Partial<RelayOptions> & { server?: net.Server } = {},
): Promise<{ port: number; direct: number; taps: Watched[]; servers: Seen[] }> {
  const taps: Watched[] = [];
  const servers: Seen[] = [];
  const server = options.server ?? net.createServer({ allowHalfOpen: true, noDelay: true });
  server.on(options.server === undefined ? 'connection' : 'secureConnection', (socket: net.Socket) => {
    servers.push(observe(socket));
    socket.once('data', (first: Buffer) => serve(socket, first));
  });
  const direct = await listenFor(t, server);
  const relay = await startRelay({
    listen: { host: LOOPBACK, port: 0 },
    upstream: { host: LOOPBACK, port: direct },
    alpn: ['http/1.1'],
    nowNs: () => performance.now() * 1e6,
    openTap: () => {
      const watched = watchTap();
      taps.push(watched);
      return watched.tap;
    },
    ...options,
  });
  t.after(() => relay.close(0));
  return { port: relay.port, direct, taps, servers };
}

/** What a server does, step by step, and how it ends. */
interface Script {
  says: { bytes: number; isAwaited: boolean }[];
  /** It stops reading behind the first bytes. */
  isDeaf: boolean;
  /** `close`: both directions at once, which is a reset when something is unread. */
  end: 'fin' | 'reset' | 'close';
  /** What the client sends at the start, and whether it half-closes behind it. */
  uploadBytes: number;
  isHalfClosed: boolean;
}

const SCRIPTS = fc.record<Script>({
  says: fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 100_000 }), isAwaited: fc.boolean() }), {
    maxLength: 4,
  }),
  isDeaf: fc.boolean(),
  end: fc.constantFrom('fin', 'reset', 'close'),
  uploadBytes: fc.integer({ min: 8, max: 60_000 }),
  isHalfClosed: fc.boolean(),
});

async function play(script: Script, socket: net.Socket, client: Seen): Promise<void> {
  if (script.isDeaf) socket.pause();
  else if (script.isHalfClosed) await until(() => socket.readableEnded, 'the upload is there', WAIT_MS);
  let saidBytes = 0;
  for (const { bytes, isAwaited } of script.says) {
    socket.write(Buffer.alloc(bytes, 'x'));
    saidBytes += bytes;
    if (isAwaited) await until(() => client.bytes === saidBytes, 'the client has it', WAIT_MS);
  }
  if (script.end === 'fin') {
    socket.end();
    socket.resume();
  } else if (script.end === 'close') socket.destroy();
  else socket.resetAndDestroy();
}

describe('a relayed client', () => {
  it('sees what a direct one sees, whatever the server does', async (t) => {
    const scripts = fc.sample(SCRIPTS, { seed: 11, numRuns: 150 });
    const clients = new Map<string, Seen>();
    const { port, direct } = await relayTo(t, (socket, first) => {
      const [id = '', number = ''] = first.toString('latin1').split(' ');
      const script = scripts[Number(number)] as Script;
      // What it does not read must be there to be unread.
      const isReady = (): boolean => script.isHalfClosed || socket.bytesRead > 0;
      void until(isReady, 'the upload begins').then(() => play(script, socket, clients.get(id) as Seen));
    });
    const talk = async (at: number, id: string, number: number): Promise<Seen> => {
      const { uploadBytes, isHalfClosed } = scripts[number] as Script;
      const client = net.connect({ port: at, host: LOOPBACK, allowHalfOpen: true, noDelay: true });
      t.after(() => client.destroy());
      const seen = observe(client);
      clients.set(id, seen);
      client.write(`${id} ${number} `.padEnd(uploadBytes));
      if (isHalfClosed) client.end();
      await until(() => seen.end !== '', JSON.stringify(scripts[number]), WAIT_MS);
      return seen;
    };
    for (let from = 0; from < scripts.length; from += 50) {
      await Promise.all(
        scripts.slice(from, from + 50).map(async (script, i) => {
          const number = from + i;
          const expected = await talk(direct, `d${number}`, number);
          const seen = await talk(port, `r${number}`, number);
          assert.deepEqual(seen, expected, JSON.stringify(script));
        }),
      );
    }
    const ends = [...clients.values()].map(({ end }) => end);
    assert.ok(ends.includes('fin') && ends.includes('reset'));
  });

  it('gets answer and reset over TLS, on either side', async (t) => {
    const file = (name: string): Buffer =>
      readFileSync(new URL(`../../../../fixtures/tls/${name}`, import.meta.url));
    const listenTls = { cert: file('server.pem'), key: file('server-key.pem') };
    const server = tls.createServer({ ...listenTls, allowHalfOpen: true });
    const { port, taps } = await relayTo(
      t,
      (socket) => {
        socket.pause(); // leaves the rest of the upload unread
        socket.write(ANSWER, () => (socket as unknown as { _parent: net.Socket })._parent.resetAndDestroy());
      },
      { server, listenTls, upstreamTls: { insecure: true } },
    );
    for (let i = 0; i < 8; i++) {
      const client = tls.connect({ port, host: LOOPBACK, rejectUnauthorized: false });
      t.after(() => client.destroy());
      const seen = observe(client);
      client.write(Buffer.alloc(i % 2 === 0 ? 30_000 : 3_000_000));
      await until(() => seen.end !== '' && taps[i]?.told.length === 1, 'all is over', WAIT_MS);
      assert.deepEqual(seen, { bytes: ANSWER.length, end: 'reset' });
      assert.deepEqual([taps[i]?.told, taps[i]?.fromServer], [['upstream_reset'], ANSWER.length]);
    }
  });
});

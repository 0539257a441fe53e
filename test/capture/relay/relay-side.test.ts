import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import tls from 'node:tls';
import { RelaySide } from '../../../src/capture/relay/relay-side.ts';
import { LOOPBACK, listenFor, until } from '../support.ts';

const SILENT = { onEnd: () => {}, onDeaf: () => {} };
const ONE_BYTE = Buffer.from('x');

describe('a side of a relayed connection', () => {
  it('takes few pieces ahead of a reader that stopped, however small they are, and says when it takes more', async () => {
    const held: (() => void)[] = [];
    const written: number[] = [];
    const socket = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.length);
        held.push(done);
      },
    });
    const side = new RelaySide(socket as net.Socket, SILENT);
    let drains = 0;
    socket.on('drain', () => drains++);
    let taken = 1;
    while (side.write(ONE_BYTE, 0)) assert.ok(++taken < 1_000, 'it took a thousand pieces');
    assert.equal(drains, 0);
    for (let done = held.shift(); done; done = held.shift()) {
      done();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(drains, 1);
    assert.equal(written.length, taken, 'all that was taken was written, once');
    assert.ok(side.write(ONE_BYTE, 0), 'and it takes more');
  });

  it('reads one piece on after it was paused, not the thousands that come one by one', async (t) => {
    const { client, socket } = await accepted(t, net.createServer(), 'connection', (port) =>
      net.connect(port, LOOPBACK).setNoDelay(),
    );
    new RelaySide(socket, SILENT);
    socket.on('data', () => {}).pause();
    for (let i = 0; i < 2_000; i++) {
      await new Promise<void>((resolve) => client.write(ONE_BYTE, () => setImmediate(resolve)));
    }
    assert.ok(socket.readableLength > 0 && socket.readableLength <= 64, `${socket.readableLength} bytes`);
    socket.resume();
    await until(() => socket.bytesRead === 2_000, 'the rest was read');
  });

  it('joins the TLS records of one byte that come with the one it was paused by', async (t) => {
    const pem = (name: string): Buffer =>
      readFileSync(new URL(`../../../../fixtures/tls/${name}`, import.meta.url));
    const certificate = { cert: pem('server.pem'), key: pem('server-key.pem') };
    const way = new PassThrough({ highWaterMark: 1_000_000 });
    const { client, socket } = await accepted(
      t,
      tls.createServer(certificate),
      'secureConnection',
      (port) => {
        const raw = net.connect(port, LOOPBACK);
        way.pipe(raw);
        const through = Duplex.from({ writable: way, readable: raw }).on('error', () => {});
        return tls.connect({ socket: through, rejectUnauthorized: false });
      },
    );
    new RelaySide(socket, SILENT);
    let pieces = 0;
    let gotBytes = 0;
    socket.on('data', (chunk: Buffer) => {
      pieces++;
      gotBytes += chunk.length;
      socket.pause();
      setImmediate(() => socket.resume());
    });
    way.cork(); // all records leave together
    for (let i = 0; i < 2_000; i++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      client.write(ONE_BYTE);
    }
    way.uncork();
    await until(() => gotBytes === 2_000, 'all was read');
    assert.ok(pieces < 100, `in ${pieces} pieces`);
  });
});

/** A client of the server, and the server's socket for it. */
async function accepted<Client extends net.Socket>(
  t: TestContext,
  server: net.Server,
  event: 'connection' | 'secureConnection',
  connect: (port: number) => Client,
): Promise<{ client: Client; socket: Client }> {
  const port = await listenFor(t, server);
  const connected = new Promise<Client>((resolve) => server.once(event, resolve));
  const client = connect(port).on('error', () => {}); // it is torn down at the end
  t.after(() => client.destroy());
  const socket = await connected;
  t.after(() => socket.destroy());
  return { client, socket };
}

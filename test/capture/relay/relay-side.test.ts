import assert from 'node:assert/strict';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { RelaySide } from '../../../src/capture/relay/relay-side.ts';
import { LOOPBACK, until } from '../support.ts';

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

  it('reads a few hundred bytes on after it was paused, not the thousands that come one by one', async (t) => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    t.after(() => server.close());
    const client = net.connect((server.address() as net.AddressInfo).port, LOOPBACK).setNoDelay();
    t.after(() => client.destroy());
    const [socket] = (await new Promise<net.Socket[]>((resolve) =>
      server.once('connection', (s) => resolve([s])),
    )) as [net.Socket];
    t.after(() => socket.destroy());
    new RelaySide(socket, SILENT);
    socket.on('data', () => {}).pause();
    for (let i = 0; i < 2_000; i++) {
      await new Promise<void>((resolve) => client.write(ONE_BYTE, () => setImmediate(resolve)));
    }
    assert.ok(socket.readableLength > 0 && socket.readableLength <= 512, `${socket.readableLength} bytes`);
    socket.resume();
    await until(() => socket.bytesRead === 2_000, 'the rest was read');
  });
});

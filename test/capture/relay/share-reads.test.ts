import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { shareReads } from '../../../src/capture/relay/share-reads.ts';
import { LOOPBACK, listenFor, until } from '../support.ts';

describe('sockets that share their reads', () => {
  it('are read into the same memory, accepted ones and connected ones', async (t) => {
    const ends = [...(await pair(t)), ...(await pair(t))];
    const memory = new Set<ArrayBufferLike>();
    let heard = '';
    for (const socket of ends) {
      shareReads(socket);
      socket.on('data', (chunk: Buffer) => {
        memory.add(chunk.buffer);
        heard += chunk.toString();
      });
    }
    for (const socket of ends) socket.write('x');
    await until(() => heard.length === ends.length, 'all was heard');
    assert.equal(heard, 'xxxx');
    assert.equal(memory.size, 1);
  });

  it('keep what came to them while they were paused, whatever others read meanwhile', async (t) => {
    const [busy, toBusy] = await pair(t);
    const [paused, toPaused] = await pair(t);
    let kept = '';
    let gotBytes = 0;
    shareReads(busy);
    shareReads(paused);
    busy.on('data', (chunk: Buffer) => {
      gotBytes += chunk.length;
    });
    paused.on('data', (chunk: Buffer) => {
      kept += chunk.toString();
    });
    paused.pause();
    toPaused.write('what was said');
    await until(() => paused.readableLength > 0, 'it is read, so that a reset would be noticed');
    assert.equal(kept, '');
    toBusy.write(Buffer.alloc(200_000, 0xdd));
    await until(() => gotBytes === 200_000, 'the memory was read into');
    toPaused.end(', and what is more');
    paused.resume();
    await until(() => paused.readableEnded, 'all is told, and the end');
    assert.equal(kept, 'what was said, and what is more');
  });
});

/** Both ends of a connection over loopback, the accepted one first. */
async function pair(t: TestContext): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer({ allowHalfOpen: true });
  const port = await listenFor(t, server);
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const connected = net.connect(port, LOOPBACK);
  const socket = await accepted;
  t.after(() => {
    connected.destroy();
    socket.destroy();
  });
  return [socket, connected];
}

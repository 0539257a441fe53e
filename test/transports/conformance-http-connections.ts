import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { EngramTraceError } from '../../src/error.ts';
import { makeRecord } from '../support/make-record.ts';
import { freePort } from '../support/scripted-server.ts';
import { sendAndWatch, until } from '../support/send-and-watch.ts';
import { answerOk, type HttpSubject, isHead, OK, withServer } from './conformance-http-support.ts';

const WARM = 3;

/** How connections are opened, shared, given up and closed. */
export function testHttpConnections(subject: HttpSubject): void {
  test(`${subject.name}: a HEAD answer has no body whatever its length says, and the connection is used again`, async () => {
    await withServer(
      subject,
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

  test(`${subject.name}: the end of a kept connection as it is used again is told from any other`, async () => {
    const ways: [string, (socket: Socket) => void, kept: string, fresh: string][] = [
      ['FIN', (socket) => void socket.end(), 'keepalive_closed', 'connection_closed'],
      ['RST', (socket) => void socket.resetAndDestroy(), 'keepalive_closed', 'connection_reset'],
      ['half a head', (socket) => void socket.end('HTTP/1.1 20'), 'connection_closed', 'connection_closed'],
    ];
    for (const [what, act, kept, fresh] of ways) {
      await withServer(
        subject,
        (socket, text) => {
          if (!isHead(text)) return false;
          if (text.includes('/good')) socket.write(OK);
          else act(socket);
          return true;
        },
        async (transport) => {
          const failureOf = async (path: string) =>
            (await sendAndWatch(transport, makeRecord(0, { path })).done).failure;
          assert.equal(await failureOf('/bad'), fresh, `${what}, fresh`);
          assert.equal(await failureOf('/good'), undefined);
          assert.equal(await failureOf('/bad'), kept, `${what}, kept`);
        },
      );
    }
  });

  test(`${subject.name}: one request at a time on a connection, as many connections as needed, and idle ones are used again`, async () => {
    const open = new Set<Socket>();
    await withServer(
      subject,
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

  test(`${subject.name}: with all connections taken an operation waits unsent, and leaves in turn`, async () => {
    const held: Socket[] = [];
    await withServer(
      subject,
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
        const { failure, detail } = await second.done;
        assert.deepEqual([failure, detail], ['cancelled', 'it was never sent: every connection was taken']);
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

  test(`${subject.name}: what hangs is given up on request, in every stage`, async () => {
    await withServer(
      subject,
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
          outcomes.map((outcome) => [outcome.failure, outcome.status, outcome.detail]),
          [
            ['cancelled', undefined, 'nothing of an answer had come'],
            ['cancelled', 200, 'only a part of the answer had come'],
            ['cancelled', undefined, 'it was never sent: no connection was open yet'],
          ],
        );
        for (const each of [silent, half, unsent]) each.cancel();
      },
    );
  });

  test(`${subject.name}: close ends what is open, and afterwards nothing is sent`, async () => {
    await withServer(
      subject,
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

  test(`${subject.name}: nothing listening fails each operation and the warm-up, which names the target`, async () => {
    const port = await freePort();
    const transport = subject.create({ origin: new URL(`http://127.0.0.1:${port}`) });
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

  test(`${subject.name}: the warm-up sends nothing, and its connections are the ones used`, async () => {
    await withServer(
      subject,
      answerOk,
      async (transport, server) => {
        await transport.warmUp();
        await until(() => server.received.length === WARM, 'the connections arrive');
        assert.deepEqual(server.received, Array(WARM).fill(''));
        assert.equal((await sendAndWatch(transport, makeRecord(0)).done).status, 200);
        assert.equal(server.received.length, WARM);
      },
      { connections: WARM },
    );
  });

  test(`${subject.name}: a server that closes after each answer costs connections, not operations`, async () => {
    await withServer(
      subject,
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

  test(`${subject.name}: a server that closes idle connections costs nothing either`, async () => {
    let closed = Promise.resolve();
    await withServer(
      subject,
      (socket, text) => {
        if (!isHead(text)) return false;
        closed = new Promise((resolve) => socket.once('close', () => resolve()));
        socket.write(OK, () => setTimeout(() => socket.destroy(), 5));
        return true;
      },
      async (transport) => {
        for (let count = 0; count < 5; count += 1) {
          const outcome = await sendAndWatch(transport, makeRecord(0)).done;
          assert.equal(outcome.status, 200, outcome.detail);
          await closed;
          // The end is with the kernel: the client reads it the next time it looks.
          for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        }
      },
    );
  });
}

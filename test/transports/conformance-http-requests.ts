import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { EngramTraceError } from '../../src/error.ts';
import { makeRecord } from '../support/make-record.ts';
import { sendAndWatch } from '../support/send-and-watch.ts';
import { answerOk, type HttpSubject, lines, OK, withServer } from './conformance-http-support.ts';

/** What goes out, and what is refused. */
export function testHttpRequests(subject: HttpSubject): void {
  test(`${subject.name}: method, path, headers and body go out as recorded; those of the connection and secrets do not`, async () => {
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
      subject,
      (socket, text) => {
        if (!text.includes('\r\n\r\n') || !text.endsWith('\xff\r\n')) return false;
        socket.write(OK);
        return true;
      },
      async (transport, server) => {
        const watched = sendAndWatch(transport, record);
        const outcome = await watched.done;
        assert.deepEqual(outcome, {
          status: 200,
          ok: true,
          failure: undefined,
          detail: '',
          responseBytes: 2,
        });
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

  test(`${subject.name}: given headers replace the recorded ones, also the host; keepHost keeps that`, async () => {
    const record = makeRecord(0, {
      headers: ['Host', 'prod', 'Authorization', '[redacted]', 'A', '1', 'a', '2'],
    });
    const headers = ['authorization', 'Bearer t', 'A', '3'];
    await withServer(
      subject,
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

  test(`${subject.name}: bytes above 0x7e go out as they are, and what no message holds is left out`, async () => {
    const over = { headers: ['Host', 'foo.example', 'x-typed', 'caf\xc3\xa9'] };
    const unsendable = ['bad name', 'x', 'x-line', 'line\r\nbreak', 'x-nul', 'a\0', 'x-uni', '\u65e5'];
    const headers = ['x-utf8', 'Ren\xc3\xa9e', 'x-latin1', '\xe9\x80\xff', 'x-ctl', '\x01', ...unsendable];
    await withServer(
      subject,
      answerOk,
      async (transport, server) => {
        assert.equal((await sendAndWatch(transport, makeRecord(0, { headers })).done).status, 200);
        const got = lines(server.received[0]).slice(1, -2);
        const fields = got
          .filter((line) => !/^connection:/i.test(line))
          .map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()));
        assert.deepEqual(fields.sort(), [
          'host: foo.example',
          'x-latin1: \xe9\x80\xff',
          'x-typed: caf\xc3\xa9',
          'x-utf8: Ren\xc3\xa9e',
        ]);
      },
      over,
    );
  });

  test(`${subject.name}: what can not be sent is refused as bad_request`, async () => {
    await withServer(subject, answerOk, async (transport, server) => {
      const bad = [
        makeRecord(0, { path: '/with space' }),
        makeRecord(0, { path: '*', method: 'GET' }),
        makeRecord(0, { path: '' }),
        makeRecord(0, { method: 'B A D' }),
        makeRecord(0, { method: 'CONNECT', path: 'a:1' }),
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

  test(`${subject.name}: a target in absolute form goes out in origin form, and OPTIONS * as it is`, async () => {
    const targets: [method: string, recorded: string, sent: string][] = [
      ['DELETE', 'http://prod:80/all?q=http://a/b', '/all?q=http://a/b'],
      ['GET', 'HTTP://Prod/a', '/a'],
      ['GET', 'https://[::1]:8443', '/'],
      ['GET', 'http://u:[redacted]@prod?x=1', '/?x=1'],
      ['GET', '//prod/a', '//prod/a'],
      ['OPTIONS', '*', '*'],
      ['OPTIONS', 'http://prod:80', '*'],
      ['OPTIONS', '/', '/'],
    ];
    await withServer(subject, answerOk, async (transport, server) => {
      for (const [method, path] of targets) {
        const { status } = await sendAndWatch(transport, makeRecord(0, { method, path })).done;
        assert.equal(status, 200, path);
      }
      const sent = lines(server.received.join('')).filter((line) => line.endsWith(' HTTP/1.1'));
      assert.deepEqual(
        sent,
        targets.map(([method, , target]) => `${method} ${target} HTTP/1.1`),
      );
      const hosts = lines(server.received.join('')).filter((line) => /^host:/i.test(line));
      assert.deepEqual(new Set(hosts), new Set([`host: 127.0.0.1:${server.port}`]));
    });
  });

  test(`${subject.name}: 16 KB of URL go out whole`, async () => {
    const path = `/?q=${'x'.repeat(16_384)}`;
    await withServer(subject, answerOk, async (transport, server) => {
      assert.equal((await sendAndWatch(transport, makeRecord(0, { path })).done).status, 200);
      assert.equal(lines(server.received[0])[0], `GET ${path} HTTP/1.1`);
    });
  });

  test(`${subject.name}: a target with a path is a usage error`, () => {
    for (const url of ['http://h:1/base', 'http://h:1/?q', 'http://user:pass@h:1']) {
      assert.throws(
        () => subject.create({ origin: new URL(url) }),
        (thrown) =>
          thrown instanceof EngramTraceError && thrown.code === 'usage' && !thrown.hint?.includes('pass'),
      );
    }
  });

  test(`${subject.name}: a TLS target that does not speak TLS fails as tls`, async () => {
    await withServer(
      subject,
      (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      async (_, server) => {
        const transport = subject.create({
          origin: new URL(`https://127.0.0.1:${server.port}`),
          tls: { insecure: true },
        });
        const outcome = await sendAndWatch(transport, makeRecord(0)).done;
        assert.equal(outcome.failure, 'tls', outcome.detail);
        await transport.close();
      },
    );
  });

  test(`${subject.name}: a TLS target that hangs up inside the handshake is told, and of warming up too`, async () => {
    const hangUp = (socket: Socket): void => void socket.end();
    await withServer(subject, hangUp, async (_, server) => {
      const transport = subject.create({
        origin: new URL(`https://127.0.0.1:${server.port}`),
        tls: { insecure: true },
      });
      const watched = sendAndWatch(transport, makeRecord(0));
      const outcome = await watched.done;
      assert.equal(outcome.failure, 'connection_reset', outcome.detail);
      await assert.rejects(transport.warmUp(), { code: 'target' });
      await transport.close();
    });
  });

  test(`${subject.name}: bodies arrive bit for bit, also large ones, with a content-length, also in a GET`, async () => {
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
    const transport = subject.create({ origin: new URL(`http://127.0.0.1:${port}`) });
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
}

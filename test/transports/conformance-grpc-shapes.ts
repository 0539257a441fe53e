import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngramTraceError } from '../../src/error.ts';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import { MS } from '../support/replay-harness.ts';
import { freePort } from '../support/scripted-server.ts';
import { sendAndWatch, until } from '../support/send-and-watch.ts';
import {
  answered,
  echo,
  type GrpcSubject,
  grpcCall,
  type Methods,
  sent,
  withServer,
} from './conformance-grpc-support.ts';

const OK = { status: 0, ok: true, failure: undefined, detail: '' };

/** What goes out and what is told of it, for calls of every shape, against a grpc-js server. */
export function testGrpcShapes(subject: GrpcSubject): void {
  const { name } = subject;

  test(`${name}: one message goes out bit for bit with the recorded metadata, without what describes the call`, async () => {
    const binary = Buffer.from([0, 255, 7]);
    const headers = [
      ...[':authority', 'prod', 'te', 'trailers', 'content-type', 'application/grpc+proto'],
      ...[
        'user-agent',
        'tonic/0.13',
        'grpc-timeout',
        '1S',
        'x-space',
        'one',
        'X-Space',
        'two',
        'host',
        'prod',
      ],
      ...[
        'authorization',
        '[redacted]',
        'trace-bin',
        binary.toString('base64'),
        'x-long',
        'v'.repeat(40_000),
      ],
    ];
    const body = Buffer.from([0, 1, 2, 255]);
    await withServer(
      subject,
      { echo },
      async (transport, server) => {
        for (let round = 0; round < 2; round += 1) {
          const watched = sendAndWatch(transport, grpcCall('echo', { headers, body }));
          assert.deepEqual(await watched.done, { ...OK, responseBytes: 4 });
          assert.deepEqual(watched.calls, ['sent', 'first', 'done']);
          const seen = server.calls[round];
          assert.deepEqual(seen?.messages, [body]);
          const get = (key: string) => seen?.metadata.get(key);
          assert.deepEqual(get('x-space'), ['one, two']);
          assert.deepEqual(get('x-long'), ['v'.repeat(40_000)]);
          assert.deepEqual(get('trace-bin'), [binary]);
          assert.deepEqual(get('authorization'), []);
          assert.deepEqual(get('x-extra'), ['1']);
          assert.deepEqual(get('grpc-timeout'), []);
          assert.match(String(get('user-agent')), name === 'wire' ? /^tonic\/0\.13$/ : /^grpc-node-js/);
        }
      },
      { metadata: ['x-extra', '1'] },
    );
  });

  test(`${name}: no answer, several answers, an empty one and a large one are all ok`, async () => {
    const large = Buffer.alloc(6_000_000, 1);
    const methods: Methods = {
      none: (stream) => stream.on('end', () => stream.end()),
      two: (stream) => {
        stream.write(Buffer.from('one'));
        stream.write(Buffer.from('three'));
        stream.on('end', () => stream.end());
      },
      echo,
    };
    await withServer(subject, methods, async (transport, server) => {
      const records = [
        grpcCall('none'),
        grpcCall('two'),
        grpcCall('echo'),
        grpcCall('echo', { body: large }),
      ];
      const bytes: number[] = [];
      for (const record of records) {
        const outcome = await sendAndWatch(transport, record).done;
        assert.equal(outcome.ok, true, outcome.detail);
        bytes.push(outcome.responseBytes);
      }
      assert.deepEqual(bytes, [0, 8, 0, large.length]);
      assert.ok(server.calls[3]?.messages[0]?.equals(large));
    });
  });

  test(`${name}: a stream writes each message at its recorded time, scaled, and half-closes where it did`, async () => {
    const stream = {
      messages: [
        sent('a', 0),
        answered('A', 1),
        sent('b', 200 * MS),
        sent('c', 200 * MS),
        sent('', 400 * MS),
      ],
      halfCloseNs: 600 * MS,
      cancelNs: undefined,
    };
    await withServer(subject, { echo }, async (transport, server) => {
      const startMs = performance.now();
      const watched = sendAndWatch(transport, grpcCall('echo', { stream }), 2);
      const { stream: _, ...outcome } = await watched.done;
      assert.deepEqual(outcome, { ...OK, responseBytes: 3 });
      // Never early: half of what was recorded.
      assert.ok(performance.now() - startMs >= 300);
      const [seen] = server.calls;
      assert.deepEqual(seen?.messages.map(String), ['a', 'b', 'c', '']);
      assert.equal(seen?.halfClosed, true);
      const [a = 0, b = 0, , d = 0] = seen?.atMs ?? [];
      assert.ok(b - startMs >= 100 && d - startMs >= 200 && a <= b);
    });
  });

  test(`${name}: a stream is cancelled where the recording was, and that is ok`, async () => {
    const methods: Methods = {
      endless: (stream) => {
        const timer = setInterval(() => stream.write(Buffer.from('tick')), 5);
        stream.on('cancelled', () => clearInterval(timer));
      },
    };
    await withServer(subject, methods, async (transport, server) => {
      const stream = { messages: [sent('go', 0)], halfCloseNs: 0, cancelNs: 100 * MS };
      const watched = sendAndWatch(transport, grpcCall('endless', { stream }));
      const outcome = await watched.done;
      assert.deepEqual([outcome.ok, outcome.status, outcome.failure], [true, 1, undefined]);
      // On a busy machine nothing may have come by then.
      assert.equal(outcome.responseBytes > 0, watched.calls.includes('first'));
      await until(() => server.calls[0]?.cancelled === true, 'the server hears of it');
      // One that broke off in the recording, with no end of either side, does not stay open for good.
      const unknown = { ...grpcCall('x').outcome, status: undefined, ok: false, error: 'client_aborted' };
      const broken = { messages: [], halfCloseNs: undefined, cancelNs: undefined };
      const record = grpcCall('endless', { stream: broken, durationNs: 50 * MS, outcome: unknown });
      assert.equal((await sendAndWatch(transport, record).done).status, 1);
    });
  });

  test(`${name}: a server that ends a stream early ends it`, async () => {
    const early: Methods[string] = (stream) => {
      stream.emit('error', { code: 9, details: 'not now' });
    };
    await withServer(subject, { early }, async (transport) => {
      const stream = {
        messages: [sent('a', 0), sent('b', 3600e9)],
        halfCloseNs: 3600e9,
        cancelNs: undefined,
      };
      const { status, ok, failure, detail } = await sendAndWatch(transport, grpcCall('early', { stream }))
        .done;
      assert.deepEqual([status, ok, failure, detail], [9, false, undefined, 'not now']);
    });
  });

  test(`${name}: a status is what the server said, with its message in any language`, async () => {
    const codes = { invalid: 3, gone: 5, exhausted: 8, unavailable: 14, cancelled: 1, deadline: 4 };
    const methods: Methods = {};
    for (const [method, code] of Object.entries(codes)) {
      methods[method] = (stream) =>
        stream.emit('error', { code, details: `it is ${method}: 100 % ünïcode ✓` });
    }
    await withServer(subject, methods, async (transport, server) => {
      for (const [method, code] of Object.entries(codes)) {
        const { status, ok, failure, detail } = await sendAndWatch(transport, grpcCall(method)).done;
        const expected = [code, false, undefined, `it is ${method}: 100 % ünïcode ✓`];
        assert.deepEqual([status, ok, failure, detail], expected);
      }
      const unknown = await sendAndWatch(transport, grpcCall('nowhere')).done;
      assert.deepEqual([unknown.status, unknown.failure], [12, undefined]);
      assert.equal(server.calls.length, Object.keys(methods).length, 'no call is tried twice');
    });
  });

  test(`${name}: the recorded deadline is sent and held`, async () => {
    await withServer(subject, { hang: () => {}, echo }, async (transport, server) => {
      const outcome = await sendAndWatch(transport, grpcCall('hang', { deadlineNs: 150 * MS })).done;
      // Either side may be the first to notice.
      if (outcome.failure === undefined) assert.equal(outcome.status, 4);
      else assert.equal(outcome.failure, 'timeout');
      assert.equal((await sendAndWatch(transport, grpcCall('echo', { deadlineNs: 60e9 })).done).ok, true);
      // The first one's time may be up before it leaves; what comes tells the server how much it has.
      const { path, deadlineMs = 0 } = server.calls.at(-1) ?? {};
      assert.equal(path, '/t.S/echo');
      assert.ok(deadlineMs > 0 && deadlineMs <= Date.now() + 60_000, `${deadlineMs}`);
    });
  });

  test(`${name}: what hangs is given up on request, and close ends the rest`, async () => {
    await withServer(subject, { hang: () => {} }, async (transport, server) => {
      const stream = { messages: [sent('a', 0)], halfCloseNs: undefined, cancelNs: undefined };
      const all = [grpcCall('hang'), grpcCall('hang', { stream }), grpcCall('hang')].map((each) =>
        sendAndWatch(transport, each),
      );
      await until(() => server.calls.length === 3, 'the calls arrive');
      const [unary, streaming, left] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]];
      for (const one of [unary, streaming]) {
        one.cancel();
        const { failure, detail } = await one.done;
        assert.deepEqual([failure, detail], ['cancelled', 'nothing of an answer had come']);
        one.cancel();
      }
      await until(() => server.calls.filter((seen) => seen.cancelled).length === 2, 'the server hears of it');
      const unsent = sendAndWatch(transport, grpcCall('hang'));
      unsent.cancel();
      assert.equal((await unsent.done).failure, 'cancelled');
      await transport.close();
      assert.equal((await left.done).failure, 'cancelled');
      assert.equal((await sendAndWatch(transport, grpcCall('hang')).done).failure, 'cancelled');
      left.cancel();
    });
  });

  test(`${name}: nothing listening fails each call and the warm-up, which names the target`, async () => {
    const target = `127.0.0.1:${await freePort()}`;
    const transport = subject.create({ target, clock: createRealClock() });
    await assert.rejects(
      transport.warmUp(),
      (thrown) =>
        thrown instanceof EngramTraceError && thrown.code === 'target' && thrown.message.includes(target),
    );
    const stream = { messages: [sent('a', 0)], halfCloseNs: 0, cancelNs: undefined };
    for (const record of [grpcCall('x'), grpcCall('x', { stream })]) {
      const watched = sendAndWatch(transport, record);
      const outcome = await watched.done;
      assert.deepEqual([outcome.failure, outcome.status], ['connect_failed', undefined], outcome.detail);
      assert.deepEqual(watched.calls, ['done']);
    }
    await transport.close();
  });
}

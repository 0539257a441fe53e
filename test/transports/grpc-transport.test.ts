import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import type { Transport } from '../../src/replay/ports.ts';
import { createRealClock } from '../../src/replay/real-clock.ts';
import { EngramTraceError } from '../../src/trace/error.ts';
import type { GrpcStream, TraceRecord } from '../../src/trace/record.ts';
import { createGrpcTransport, type GrpcTransportOptions } from '../../src/transports/grpc-transport.ts';
import { startRawGrpcServer } from '../support/raw-grpc-server.ts';
import { MS, makeRecord } from '../support/replay-harness.ts';
import { freePort } from '../support/scripted-server.ts';
import { sendAndWatch, until } from '../support/send-and-watch.ts';

type Methods = Parameters<typeof startRawGrpcServer>[0];
type RawServer = Awaited<ReturnType<typeof startRawGrpcServer>>;

async function withServer(
  methods: Methods,
  body: (transport: Transport, server: RawServer) => Promise<void>,
  options: Partial<GrpcTransportOptions> = {},
): Promise<void> {
  const server = await startRawGrpcServer(methods);
  const transport = createGrpcTransport({ target: server.target, clock: createRealClock(), ...options });
  try {
    await body(transport, server);
  } finally {
    await transport.close();
    server.stop();
  }
}

function call(method: string, over: Partial<TraceRecord> = {}): TraceRecord {
  return makeRecord(0, { protocol: 'grpc', method: 'POST', path: `/t.S/${method}`, ...over });
}

function sent(text: string, offsetNs: number): GrpcStream['messages'][number] {
  const data = Buffer.from(text);
  return { fromServer: false, offsetNs, data, sizeBytes: data.length, compressed: false };
}

function answered(text: string, offsetNs: number): GrpcStream['messages'][number] {
  return { ...sent(text, offsetNs), fromServer: true };
}

/** Answers each message with itself, and ends when the client does. */
const echo: Methods[string] = (stream) => {
  stream.on('data', (message: Buffer) => stream.write(message));
  stream.on('end', () => stream.end());
};

test('grpc: one message goes out bit for bit with the recorded metadata, without what describes the call', async () => {
  const headers = [
    ...[
      ':authority',
      'prod',
      'te',
      'trailers',
      'content-type',
      'application/grpc',
      'user-agent',
      'tonic/0.13',
    ],
    ...[
      'grpc-timeout',
      '1S',
      'grpc-accept-encoding',
      'gzip',
      'x-space',
      'one',
      'x-space',
      'two',
      'host',
      'prod',
    ],
    ...['authorization', '[redacted]', 'trace-bin', Buffer.from([0, 255, 7]).toString('base64')],
  ];
  const body = Buffer.from([0, 1, 2, 255]);
  await withServer(
    { echo },
    async (transport, server) => {
      const watched = sendAndWatch(transport, call('echo', { headers, body }));
      assert.deepEqual(await watched.done, {
        status: 0,
        ok: true,
        failure: undefined,
        detail: '',
        responseBytes: 4,
      });
      assert.deepEqual(watched.calls, ['sent', 'first', 'done']);
      const [seen] = server.calls;
      assert.deepEqual(seen?.messages, [body]);
      assert.deepEqual(seen?.metadata.get('x-space'), ['one, two']);
      assert.deepEqual(seen?.metadata.get('trace-bin'), [Buffer.from([0, 255, 7])]);
      assert.deepEqual(seen?.metadata.get('authorization'), []);
      assert.deepEqual(seen?.metadata.get('x-extra'), ['1']);
      assert.match(String(seen?.metadata.get('user-agent')), /^grpc-node-js/);
      assert.deepEqual(seen?.metadata.get('grpc-timeout'), []);
    },
    { metadata: ['x-extra', '1'] },
  );
});

test('grpc: no answer, several answers, an empty one and a large one are all ok', async () => {
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
  await withServer(methods, async (transport) => {
    const outcomes = [
      await sendAndWatch(transport, call('none')).done,
      await sendAndWatch(transport, call('two')).done,
      await sendAndWatch(transport, call('echo')).done,
      await sendAndWatch(transport, call('echo', { body: large })).done,
    ];
    assert.deepEqual(
      outcomes.map(({ ok, responseBytes }) => [ok, responseBytes]),
      [
        [true, 0],
        [true, 8],
        [true, 0],
        [true, large.length],
      ],
    );
  });
});

test('grpc: a compressed message is unpacked; one that can not be is refused', async () => {
  const body = Buffer.from('hello hello hello');
  await withServer({ echo }, async (transport, server) => {
    const packed: [string, Buffer][] = [
      ['gzip', gzipSync(body)],
      ['deflate', deflateSync(body)],
    ];
    for (const [encoding, data] of packed) {
      const headers = ['grpc-encoding', encoding];
      const unary = call('echo', { headers, body: data, bodyCompressed: true });
      assert.equal((await sendAndWatch(transport, unary).done).responseBytes, body.length);
      const message = { fromServer: false, offsetNs: 0, data, sizeBytes: data.length, compressed: true };
      const stream = { messages: [message], halfCloseNs: 0, cancelNs: undefined };
      assert.equal(
        (await sendAndWatch(transport, call('echo', { headers, stream })).done).responseBytes,
        body.length,
      );
    }
    assert.ok(server.calls.every((seen) => seen.messages[0]?.equals(body)));
    for (const encoding of ['zstd', 'gzip']) {
      const watched = sendAndWatch(
        transport,
        call('echo', { headers: ['grpc-encoding', encoding], body, bodyCompressed: true }),
      );
      assert.equal((await watched.done).failure, 'bad_request');
      assert.deepEqual(watched.calls, ['done']);
    }
    const bad = call('echo', { headers: ['bad key', 'x'] });
    assert.equal((await sendAndWatch(transport, bad).done).failure, 'bad_request');
    assert.equal((await sendAndWatch(transport, call('echo', { body })).done).ok, true);
  });
});

test('grpc: a stream writes each message at its recorded time, scaled, and half-closes where it did', async () => {
  const stream = {
    messages: [sent('a', 0), answered('A', 1), sent('b', 200 * MS), sent('c', 200 * MS), sent('', 400 * MS)],
    halfCloseNs: 600 * MS,
    cancelNs: undefined,
  };
  await withServer({ echo }, async (transport, server) => {
    const startMs = performance.now();
    const watched = sendAndWatch(transport, call('echo', { stream }), 2);
    const outcome = await watched.done;
    const tookMs = performance.now() - startMs;
    assert.deepEqual([outcome.ok, outcome.responseBytes], [true, 3]);
    const [seen] = server.calls;
    assert.deepEqual(seen?.messages.map(String), ['a', 'b', 'c', '']);
    assert.equal(seen?.halfClosed, true);
    // Never early: half of what was recorded.
    assert.ok(tookMs >= 300);
    const [a = 0, b = 0, , d = 0] = seen?.atMs ?? [];
    assert.ok(b - startMs >= 100 && d - startMs >= 200 && a <= b);
  });
});

test('grpc: a stream is cancelled where the recording was, and that is ok', async () => {
  const methods: Methods = {
    endless: (stream) => {
      const timer = setInterval(() => stream.write(Buffer.from('tick')), 5);
      stream.on('cancelled', () => clearInterval(timer));
    },
  };
  await withServer(methods, async (transport, server) => {
    const stream = { messages: [sent('go', 0)], halfCloseNs: 0, cancelNs: 100 * MS };
    const outcome = await sendAndWatch(transport, call('endless', { stream })).done;
    assert.deepEqual([outcome.ok, outcome.status, outcome.failure], [true, 1, undefined]);
    assert.ok(outcome.responseBytes > 0);
    await until(() => server.calls[0]?.cancelled === true, 'the server hears of it');
    // One that broke off in the recording, with no end of either side, does not stay open for good.
    const unknown = { ...call('endless').outcome, status: undefined, ok: false, error: 'client_aborted' };
    const broken = { messages: [], halfCloseNs: undefined, cancelNs: undefined };
    const record = call('endless', { stream: broken, durationNs: 50 * MS, outcome: unknown });
    assert.equal((await sendAndWatch(transport, record).done).status, 1);
  });
});

test('grpc: a server that ends a stream early ends it', async () => {
  const methods: Methods = {
    early: (stream) => {
      stream.emit('error', { code: 9, details: 'not now' });
    },
  };
  await withServer(methods, async (transport) => {
    const stream = { messages: [sent('a', 0), sent('b', 3600e9)], halfCloseNs: 3600e9, cancelNs: undefined };
    const outcome = await sendAndWatch(transport, call('early', { stream })).done;
    assert.deepEqual(
      [outcome.status, outcome.ok, outcome.failure, outcome.detail],
      [9, false, undefined, 'not now'],
    );
  });
});

test('grpc: a status is what the server said, also one that grpc-js makes up in other cases', async () => {
  const methods: Methods = {};
  for (const [name, code] of Object.entries({
    invalid: 3,
    gone: 5,
    exhausted: 8,
    unavailable: 14,
    cancelled: 1,
    deadline: 4,
  })) {
    methods[name] = (stream) => stream.emit('error', { code, details: `it is ${name}` });
  }
  await withServer(methods, async (transport, server) => {
    for (const name of Object.keys(methods)) {
      const outcome = await sendAndWatch(transport, call(name)).done;
      assert.equal(outcome.failure, undefined, name);
      assert.equal(outcome.detail, `it is ${name}`);
      assert.ok((outcome.status ?? 0) > 0 && !outcome.ok);
    }
    const unknown = await sendAndWatch(transport, call('nowhere')).done;
    assert.deepEqual([unknown.status, unknown.failure], [12, undefined]);
    assert.equal(server.calls.length, Object.keys(methods).length, 'no call is tried twice');
  });
});

test('grpc: the recorded deadline is sent and held', async () => {
  await withServer({ hang: () => {}, echo }, async (transport, server) => {
    const outcome = await sendAndWatch(transport, call('hang', { deadlineNs: 150 * MS })).done;
    // Either side may be the first to notice.
    if (outcome.failure === undefined) assert.equal(outcome.status, 4);
    else assert.equal(outcome.failure, 'timeout');
    await sendAndWatch(transport, call('echo', { deadlineNs: 60e9 })).done;
    assert.equal(server.calls.length, 2);
  });
});

test('grpc: what hangs is given up on request, and close ends the rest', async () => {
  await withServer({ hang: () => {} }, async (transport, server) => {
    const stream = { messages: [sent('a', 0)], halfCloseNs: undefined, cancelNs: undefined };
    const all = [call('hang'), call('hang', { stream }), call('hang')].map((each) =>
      sendAndWatch(transport, each),
    );
    await until(() => server.calls.length === 3, 'the calls arrive');
    const [unary, streaming, left] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]];
    unary.cancel();
    streaming.cancel();
    assert.equal((await unary.done).failure, 'cancelled');
    assert.equal((await streaming.done).failure, 'cancelled');
    await until(() => server.calls.filter((seen) => seen.cancelled).length === 2, 'the server hears of it');
    const unsent = sendAndWatch(transport, call('hang'));
    unsent.cancel();
    assert.equal((await unsent.done).failure, 'cancelled');
    await transport.close();
    assert.equal((await left.done).failure, 'cancelled');
    assert.equal((await sendAndWatch(transport, call('hang')).done).failure, 'cancelled');
  });
});

test('grpc: nothing listening fails each call and the warm-up, which names the target', async () => {
  const target = `127.0.0.1:${await freePort()}`;
  const transport = createGrpcTransport({ target, clock: createRealClock() });
  await assert.rejects(
    transport.warmUp(),
    (thrown) =>
      thrown instanceof EngramTraceError && thrown.code === 'target' && thrown.message.includes(target),
  );
  const stream = { messages: [sent('a', 0)], halfCloseNs: 0, cancelNs: undefined };
  for (const record of [call('x'), call('x', { stream })]) {
    const watched = sendAndWatch(transport, record);
    const outcome = await watched.done;
    assert.deepEqual([outcome.failure, outcome.status], ['connect_failed', undefined], outcome.detail);
    assert.deepEqual(watched.calls, ['done']);
  }
  await transport.close();
});

test('grpc: the warm-up calls nothing; hundreds of calls at a time open more connections', async () => {
  const held: (() => void)[] = [];
  const peers = new Set<string>();
  const methods: Methods = {
    hold: (stream) => {
      peers.add(stream.getPeer());
      held.push(() => stream.end());
    },
  };
  await withServer(methods, async (transport, server) => {
    await transport.warmUp();
    assert.equal(server.calls.length, 0);
    const all = Array.from({ length: 350 }, () => sendAndWatch(transport, call('hold')).done);
    await until(() => held.length === 350, 'all arrive');
    assert.ok(peers.size >= 4, `${peers.size} connections`);
    for (const end of held) end();
    for (const outcome of await Promise.all(all)) assert.equal(outcome.ok, true);
  });
});

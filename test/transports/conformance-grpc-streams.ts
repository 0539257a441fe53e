import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import type { SendOutcome, StreamTimes } from '../../src/replay/ports.ts';
import type { GrpcStream } from '../../src/trace/record/record.ts';
import { MS } from '../support/replay-harness.ts';
import { startScriptedHttp2Server } from '../support/scripted-http2-server.ts';
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

/** What is told of the messages inside a stream, and that a stream keeps its own time and nobody else's. */
export function testGrpcStreams(subject: GrpcSubject): void {
  testScale(subject);
  testCancel(subject);
  testServerStream(subject);
  testUnsent(subject);
  testClosedWindow(subject);
  testLateServer(subject);
}

function timesOf({ stream }: SendOutcome): StreamTimes {
  assert.ok(stream !== undefined, 'a stream has times');
  for (const times of [stream.sentNs, stream.receivedNs]) {
    assert.deepEqual(times, times.slice().sort(), 'in order');
  }
  return stream;
}

function streamOf(messages: GrpcStream['messages'], halfCloseNs?: number, cancelNs?: number): GrpcStream {
  return { messages, halfCloseNs, cancelNs };
}

function testScale({ name, create }: GrpcSubject): void {
  test(`${name}: messages and half-close keep their gaps at half the speed and at four times`, async () => {
    const offsetsMs = [0, 40, 40, 120];
    const messages = offsetsMs.flatMap((atMs, i) => [sent(`m${i}`, atMs * MS), answered('A', atMs * MS)]);
    for (const timeScale of [0.5, 4]) {
      await withServer({ name, create }, { echo }, async (transport, server) => {
        await transport.warmUp();
        const clock = createRealClock();
        const startNs = clock.nowNs();
        const record = grpcCall('echo', { stream: streamOf(messages, 160 * MS) });
        const outcome = await sendAndWatch(transport, record, timeScale).done;
        const endNs = clock.nowNs();
        const times = timesOf(outcome);
        assert.equal(outcome.ok, true, outcome.detail);
        assert.deepEqual([times.timeScale, times.untimed], [timeScale, 0]);
        assert.deepEqual([times.sentNs.length, times.receivedNs.length], [4, 4]);
        offsetsMs.forEach((atMs, i) => {
          const leftNs = times.sentNs[i] as number;
          assert.ok(leftNs >= startNs + (atMs * MS) / timeScale, `message ${i} is never early`);
          assert.ok(leftNs <= endNs && (times.receivedNs[i] as number) <= endNs);
        });
        assert.ok(endNs - startNs >= (160 * MS) / timeScale, 'nor is the half-close');
        const [seen] = server.calls;
        assert.deepEqual(seen?.messages.map(String), ['m0', 'm1', 'm2', 'm3']);
        assert.equal(seen?.halfClosed, true);
      });
    }
  });
}

function testCancel({ name, create }: GrpcSubject): void {
  test(`${name}: a cancel is scaled too, and what was said before it counts`, async () => {
    const heard: Methods = { listen: () => {} };
    for (const timeScale of [2, 4]) {
      await withServer({ name, create }, heard, async (transport, server) => {
        const startMs = performance.now();
        const stream = streamOf([sent('a', 0), sent('b', 20 * MS)], undefined, 2000 * MS);
        const outcome = await sendAndWatch(transport, grpcCall('listen', { stream }), timeScale).done;
        assert.ok(performance.now() - startMs >= 2000 / timeScale);
        assert.deepEqual([outcome.ok, outcome.status], [true, 1], outcome.detail);
        assert.equal(timesOf(outcome).sentNs.length, 2);
        await until(() => server.calls[0]?.cancelled === true, 'the server hears of it');
        assert.deepEqual(server.calls[0]?.messages.map(String), ['a', 'b']);
      });
    }
  });
}

function testServerStream({ name, create }: GrpcSubject): void {
  test(`${name}: three messages of a server are three times, whatever the multiplier`, async () => {
    const methods: Methods = {
      three: (stream) => {
        const tell = (number: number): void => {
          stream.write(Buffer.from(`tick ${number}`));
          if (number === 3) stream.end();
          else setTimeout(() => tell(number + 1), 40);
        };
        stream.on('end', () => tell(1));
      },
    };
    await withServer({ name, create }, methods, async (transport) => {
      const messages = [sent('go', 0), answered('x', 1 * MS), answered('y', 2 * MS), answered('z', 3 * MS)];
      const clock = createRealClock();
      const startNs = clock.nowNs();
      const record = grpcCall('three', { stream: streamOf(messages, 0) });
      const watched = sendAndWatch(transport, record, 4);
      await watched.firstAnswer;
      const firstNs = clock.nowNs();
      const { sentNs, receivedNs, untimed } = timesOf(await watched.done);
      assert.deepEqual([sentNs.length, receivedNs.length, untimed], [1, 3, 0]);
      assert.ok((receivedNs[0] as number) <= firstNs, 'the first is the first answer');
      // A timer may fire a millisecond early; what the server waits is not divided by four.
      assert.ok((receivedNs[2] as number) >= startNs + 78 * MS);
    });
    const none = await withUnary({ name, create });
    assert.equal(none.stream, undefined, 'one message out and one back is no stream');
  });
}

async function withUnary(subject: GrpcSubject): Promise<SendOutcome> {
  let outcome: SendOutcome | undefined;
  await withServer(subject, { echo }, async (transport) => {
    outcome = await sendAndWatch(transport, grpcCall('echo')).done;
  });
  return outcome as SendOutcome;
}

function testUnsent({ name, create }: GrpcSubject): void {
  test(`${name}: of a stream that its server ends, only what left counts as sent`, async () => {
    const methods: Methods = {
      enough: (stream) => {
        stream.on('data', () => stream.emit('error', { code: 9, details: 'enough' }));
      },
    };
    await withServer({ name, create }, methods, async (transport) => {
      const stream = streamOf([sent('a', 0), sent('b', 3600e9), sent('c', 3600e9)], 3600e9);
      const outcome = await sendAndWatch(transport, grpcCall('enough', { stream })).done;
      assert.equal(outcome.status, 9);
      const { sentNs, receivedNs } = timesOf(outcome);
      assert.deepEqual([sentNs.length, receivedNs.length], [1, 0]);
    });
  });
}

function testClosedWindow({ name, create }: GrpcSubject): void {
  test(`${name}: a message that a closed window holds back has not left`, async (t) => {
    let streams = 0;
    const arrived = (): void => {
      streams += 1;
    };
    const server = await startScriptedHttp2Server(arrived, { initialWindowSize: 0 });
    const transport = create({ target: server.target, clock: createRealClock() });
    t.after(async () => {
      await transport.close();
      await server.close();
    });
    await transport.warmUp();
    const stream = streamOf([sent('a', 0), sent('b', 10 * MS)], undefined, 80 * MS);
    const cancelled = await sendAndWatch(transport, grpcCall('M', { stream })).done;
    assert.equal(cancelled.status, 1, cancelled.detail);
    assert.equal(timesOf(cancelled).sentNs.length, 0);
    const hanging = sendAndWatch(transport, grpcCall('M', { stream: streamOf([sent('a', 0)], 0) }));
    await until(() => streams === 2, 'the call arrives');
    hanging.cancel();
    assert.equal(timesOf(await hanging.done).sentNs.length, 0);
  });
}

function testLateServer({ name, create }: GrpcSubject): void {
  test(`${name}: streams whose server answers late delay nobody else's`, async () => {
    const late: ((what: string) => void)[] = [];
    const methods: Methods = {
      echo,
      late: (stream) => {
        late.push((what) => {
          stream.write(Buffer.from(what));
          stream.end();
        });
      },
    };
    await withServer(
      { name, create },
      methods,
      async (transport) => {
        const waiting = Array.from({ length: 5 }, () => {
          const stream = streamOf([sent('a', 0), sent('b', 20 * MS)], 30 * MS);
          return sendAndWatch(transport, grpcCall('late', { stream }));
        });
        await until(() => late.length === 5, 'the streams arrive');
        for (let round = 0; round < 20; round += 1) {
          const stream = streamOf([sent('x', 0), sent('y', 1 * MS)], 2 * MS);
          const outcome = await sendAndWatch(transport, grpcCall('echo', round % 2 === 0 ? { stream } : {}))
            .done;
          assert.equal(outcome.ok, true, outcome.detail);
        }
        assert.ok(waiting.every(({ calls }) => !calls.includes('first')));
        for (const answer of late) answer('at last');
        for (const { done } of waiting) {
          const outcome = await done;
          assert.equal(outcome.ok, true, outcome.detail);
          assert.deepEqual([outcome.stream?.sentNs.length, outcome.stream?.receivedNs.length], [2, 1]);
        }
      },
      { channels: 1 },
    );
  });
}

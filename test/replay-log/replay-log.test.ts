import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { Frame } from '../../src/gen/engram/replaylog/v1/replay_log.ts';
import type { Disposition, FailureCode, Operation, StreamTimes } from '../../src/replay/ports.ts';
import {
  BLOCK_ENTRIES,
  type LogBlock,
  type LogBlockMessage,
  type LogEndless,
  type LogStream,
} from '../../src/replay-log/log-block.ts';
import { LOG_FORMAT_VERSION } from '../../src/replay-log/log-columns.ts';
import { DISPOSITIONS, FAILURES } from '../../src/replay-log/names.ts';
import { readReplayLog } from '../../src/replay-log/read-replay-log.ts';
import { createReplayLogRecorder } from '../../src/replay-log/replay-log-recorder.ts';
import { createReplayLogWriter } from '../../src/replay-log/replay-log-writer.ts';
import { startReplayLog } from '../../src/replay-log/start-replay-log.ts';
import { compressFrame, decompressFrame } from '../../src/trace/frames/zstd.ts';
import { frameSpan } from '../../src/trace/frames/zstd-frame.ts';
import { makeRecord, outcome } from '../results/support.ts';
import fc, { runs } from '../support/fast-check.ts';
import { newFolder } from '../support/folders.ts';
import { streamWith } from '../support/stream-transport.ts';
import { blocksOf, framesOf, HEADER, logBytes, makeOperation, memorySink } from './support.ts';

let folder = '';
before(async () => {
  folder = newFolder();
});

/** Whatever an operation may look like when it is settled. */
const anyOperation: fc.Arbitrary<[Operation, Disposition]> = fc
  .record({
    number: fc.nat(2 ** 40),
    dueNs: fc.integer({ min: 0, max: 2 ** 50 }),
    ready: fc.nat(2 ** 40),
    waits: fc.tuple(fc.nat(2 ** 40), fc.nat(2 ** 40), fc.nat(2 ** 40), fc.nat(2 ** 40)),
    released: fc.option(fc.nat(2 ** 40), { nil: undefined }),
    sent: fc.option(fc.nat(2 ** 40), { nil: undefined }),
    first: fc.option(fc.nat(2 ** 40), { nil: undefined }),
    done: fc.option(fc.nat(2 ** 40), { nil: undefined }),
    session: fc.string(),
    op: fc.string(),
    protocol: fc.constantFrom('http' as const, 'grpc' as const),
    startNs: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
    durationNs: fc.option(fc.nat(2 ** 50), { nil: undefined }),
    recordedStatus: fc.option(fc.nat(999), { nil: undefined }),
    status: fc.option(fc.nat(999), { nil: undefined }),
    failure: fc.constantFrom(...FAILURES),
    responseBytes: fc.nat(2 ** 50),
    answer: fc.constantFrom('same' as const, 'other' as const, undefined),
    hasOutcome: fc.boolean(),
    stream: fc.option(
      fc.record({
        timeScale: fc.constantFrom(0.5, 1, 3),
        clientNs: fc.array(fc.nat(2 ** 40), { maxLength: 5 }),
        serverNs: fc.array(fc.nat(2 ** 40), { maxLength: 5 }),
        sentNs: fc.array(fc.nat(2 ** 50), { maxLength: 5 }),
        receivedNs: fc.array(fc.nat(2 ** 50), { maxLength: 5 }),
        untimed: fc.nat(2 ** 40),
      }),
      { nil: undefined },
    ),
    endless: fc.option(
      fc.record({
        areEventsKnown: fc.boolean(),
        eventNs: fc.array(fc.nat(2 ** 50), { maxLength: 5 }).map((times) => Float64Array.from(times)),
        untimed: fc.nat(2 ** 40),
        comments: fc.nat(2 ** 40),
      }),
      { nil: undefined },
    ),
    disposition: fc.constantFrom(...DISPOSITIONS),
  })
  .map((one) => {
    const at = (ns: number | undefined) => (ns === undefined ? undefined : one.dueNs + ns);
    const failure = one.failure === '' ? undefined : (one.failure as FailureCode);
    const operation: Operation = {
      ...makeOperation(one.number),
      record: makeRecord({
        session: one.session,
        op: one.op,
        protocol: one.protocol,
        startNs: one.startNs,
        stream: one.stream === undefined ? undefined : streamWith(one.stream.clientNs, one.stream.serverNs),
        durationNs: one.durationNs,
        outcome: { ...makeRecord().outcome, status: one.recordedStatus },
      }),
      dueNs: one.dueNs,
      readyNs: one.dueNs + one.ready,
      releasedNs: at(one.released),
      readingNs: one.waits[0],
      fullNs: one.waits[1],
      pacedNs: one.waits[2],
      stalledNs: one.waits[3],
      sentNs: at(one.sent),
      firstAnswerNs: at(one.first),
      doneNs: at(one.done),
      outcome: one.hasOutcome
        ? outcome({
            status: one.status,
            failure,
            responseBytes: one.responseBytes,
            answer: one.answer,
            stream: timesOf(one.stream),
            endless: one.endless,
          })
        : undefined,
    };
    return [operation, one.disposition];
  });

function timesOf(told: { sentNs: number[]; receivedNs: number[] } | undefined): StreamTimes | undefined {
  if (told === undefined) return undefined;
  const { sentNs, receivedNs } = told;
  return {
    timeScale: 1,
    untimed: 0,
    ...told,
    sentNs: Float64Array.from(sentNs),
    receivedNs: Float64Array.from(receivedNs),
  };
}

function rowsOf(blocks: readonly LogBlock[]): unknown[] {
  return blocks.flatMap(({ columns, count, strings, sender }) =>
    Array.from({ length: count }, (_, i) => ({
      sender,
      ...Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[i]])),
      session: strings[columns.session[i] as number],
      op: strings[columns.op[i] as number],
    })),
  );
}

async function readBack(bytes: Uint8Array) {
  const path = join(folder, 'log');
  await writeFile(path, bytes);
  const blocks: LogBlock[] = [];
  const reading = await readReplayLog(path, (block) => blocks.push(block));
  return { reading, blocks };
}

/** What is in the frames of a log: each message with its length in front. */
function rawFrames(bytes: Buffer): Uint8Array[] {
  return framesOf(bytes).map((frame) => {
    const span = frameSpan(frame);
    return decompressFrame(frame, span.kind === 'data' ? (span.contentBytes ?? 0) : 0);
  });
}

/** Six blocks of five entries. */
async function smallLog() {
  const operations = Array.from({ length: 30 }, (_, i): [Operation, Disposition] => [makeOperation(i), 'ok']);
  return logBytes(blocksOf(operations, 5), '{"a":1}');
}

/** An eighth of the damage takes a second; `ENGRAM_TRACE_TEST_FULL=1` does it all. */
const STEP = process.env['ENGRAM_TRACE_TEST_FULL'] ? 1 : 8;

describe('replay log', () => {
  it('gives back what was written, whatever the operations', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyOperation, { maxLength: 40 }), fc.nat(10), async (operations, every) => {
        const unique = operations.filter(
          ([{ number }], i) => operations.findIndex(([other]) => other.number === number) === i,
        );
        const blocks = blocksOf(unique, every + 1);
        const { bytes, seal } = await logBytes(blocks);
        const { reading, blocks: read } = await readBack(bytes);
        assert.deepEqual(reading.damage, []);
        assert.deepEqual(rowsOf(read), rowsOf(blocks));
        assert.deepEqual(
          read.map(({ streams, endless }) => [streams, endless]),
          blocks.map(({ streams, endless }) => [streams, endless]),
        );
        assert.equal(
          read.reduce((sum, { endless }) => sum + endless.length, 0),
          unique.filter(([{ outcome }]) => outcome?.endless !== undefined).length,
        );
        assert.deepEqual(reading.header, HEADER);
        assert.deepEqual(
          [reading.entries, reading.blocks, reading.sha256],
          [unique.length, blocks.length, seal.sha256],
        );
      }),
      { seed: 1, numRuns: runs(100) },
    );
  });

  it('is what the schema says, to a decoder that is not ours', async () => {
    const { bytes } = await logBytes(blocksOf([[makeOperation(7, { sentNs: undefined }), 'shed']]));
    const messages = rawFrames(bytes).map((raw) => Frame.decode(raw.subarray((raw[0] ?? 0) < 128 ? 1 : 2)));
    assert.equal(messages.length, 3);
    assert.equal(messages[0]?.header?.tool, 'test 1');
    assert.equal(messages[1]?.previousSha256.length, 32);
    const block = messages[1]?.block;
    assert.deepEqual(block?.strings, ['s1', 'recall']);
    assert.deepEqual([block?.numberDelta, block?.originNs], [[7n], 1_007_000_000n]);
    assert.deepEqual([block?.sent, block?.done], [[0n], [1n + 6000n]]);
    assert.deepEqual([block?.disposition, block?.status, block?.protocol], [[3], [201], [1]]);
    assert.equal(messages[2]?.end?.entries, 1n);
  });

  it('holds the messages of streams, as the schema says', async () => {
    const record = makeRecord({ protocol: 'grpc', stream: streamWith([0, 1000], [500, 700]) });
    const times = {
      timeScale: 4,
      sentNs: Float64Array.of(1_001_001_000),
      receivedNs: Float64Array.of(),
      untimed: 3,
    };
    const left = makeOperation(1, { record, outcome: outcome({ stream: times }) });
    const shed = makeOperation(2, { record, sentNs: undefined, outcome: undefined });
    const { bytes } = await logBytes(
      blocksOf([
        [makeOperation(0), 'ok'],
        [left, 'ok'],
        [shed, 'shed'],
      ]),
    );
    const raw = rawFrames(bytes)[1] as Uint8Array;
    const streams = Frame.decode(raw.subarray((raw[0] ?? 0) < 128 ? 1 : 2)).block?.streams;
    assert.deepEqual(
      streams?.map(({ entry, timeScale, untimed }) => [entry, timeScale, untimed]),
      [
        [1, 4, 3n],
        [2, 0, 0n],
      ],
    );
    const [one, other] = streams ?? [];
    assert.deepEqual(
      [one?.plannedDeltaNs, one?.recordedDeltaNs],
      [
        [0n, 1000n],
        [500n, 200n],
      ],
    );
    assert.deepEqual([one?.sentDeltaNs, one?.receivedDeltaNs], [[1000n], []]);
    assert.deepEqual([other?.plannedDeltaNs, other?.sentDeltaNs], [[0n, 1000n], []]);
  });

  it('holds the events of endless answers, as the schema says, and finds one in the wrong place', async () => {
    const endless = {
      areEventsKnown: true,
      eventNs: Float64Array.of(1.002e9, 1.003e9),
      untimed: 4,
      comments: 2,
    };
    const unread = { areEventsKnown: false, eventNs: Float64Array.of(), untimed: 0, comments: 0 };
    const blocks = blocksOf([
      [makeOperation(0, { outcome: outcome({ endless: unread, isCancelled: true }) }), 'ok'],
      [makeOperation(1), 'ok'],
      [makeOperation(2, { outcome: outcome({ endless }) }), 'ok'],
    ]);
    const { bytes } = await logBytes(blocks);
    const raw = rawFrames(bytes)[1] as Uint8Array;
    const read = Frame.decode(raw.subarray((raw[0] ?? 0) < 128 ? 1 : 2)).block?.endless;
    assert.deepEqual(read, [
      { entry: 0, eventsKnown: false, eventDeltaNs: [], untimed: 0n, comments: 0n },
      { entry: 2, eventsKnown: true, eventDeltaNs: [0n, 1_000_000n], untimed: 4n, comments: 2n },
    ]);
    const [block] = blocks;
    for (const entries of [[3], [0, 0], [2, 1]]) {
      const moved = entries.map((entry) => ({ ...(block?.endless[0] as LogEndless), entry }));
      const { reading } = await readBack(
        (await logBytes([{ ...(block as LogBlock), endless: moved }])).bytes,
      );
      assert.match(reading.damage.join(), /an endless answer of entry/, String(entries));
    }
  });

  it('finds a stream of an entry that is not there, twice there, or in the wrong place', async () => {
    const record = makeRecord({ protocol: 'grpc', stream: streamWith([0, 1000]) });
    const [block] = blocksOf([0, 1, 2].map((i) => [makeOperation(i, { record }), 'ok']));
    for (const entries of [[3], [0, 0], [2, 1]]) {
      const streams = entries.map((entry) => ({ ...(block?.streams[0] as LogStream), entry }));
      const { bytes } = await logBytes([{ ...(block as LogBlock), streams }]);
      const { reading } = await readBack(bytes);
      assert.match(reading.damage.join(), /a stream of entry/, String(entries));
    }
  });

  it('closes a block when it is full, and after a second', () => {
    const counts: number[] = [];
    const recorder = createReplayLogRecorder({
      shard: 2,
      take: ({ count, sender }) => counts.push(count * 10 + sender),
    });
    const settle = (number: number, doneNs: number) =>
      recorder.onSettled(makeOperation(number, { doneNs }), 'ok', 0);
    for (let i = 0; i < BLOCK_ENTRIES + 1; i += 1) settle(i, 5e9);
    assert.deepEqual(counts, [BLOCK_ENTRIES * 10 + 2]);
    settle(9000, 6.1e9);
    assert.deepEqual(counts, [BLOCK_ENTRIES * 10 + 2, 22]);
    // What is left over by an early stop ends at no time, whenever it was due.
    for (let i = 10_000; i < 10_000 + BLOCK_ENTRIES; i += 1) {
      const times = { dueNs: 7e9 + (i % 2) * 1e12, sentNs: undefined, doneNs: undefined };
      recorder.onSettled(makeOperation(i, times), 'unsent', 0);
    }
    assert.deepEqual(counts, [BLOCK_ENTRIES * 10 + 2, 22, BLOCK_ENTRIES * 10 + 2]);
  });

  it('closes a block that has many messages of streams before it is full', () => {
    const counts: number[] = [];
    const recorder = createReplayLogRecorder({
      shard: 0,
      take: ({ count, streams }) => counts.push(count, streams.length),
    });
    const offsets = Array.from({ length: 100_000 }, (_, i) => i);
    const record = makeRecord({ protocol: 'grpc', stream: streamWith(offsets, offsets) });
    for (let i = 0; i < 3; i += 1) recorder.onSettled(makeOperation(i, { record, doneNs: 5e9 }), 'ok', 0);
    assert.deepEqual(counts, [3, 3], '600,000 times are more than a block is to hold');
    recorder.onSettled(makeOperation(3, { doneNs: 5e9 }), 'ok', 0);
    recorder.flush();
    assert.deepEqual(counts, [3, 3, 1, 0], 'and the next one begins anew');
  });

  it('finds a changed byte, wherever it is', async () => {
    const { bytes, seal } = await smallLog();
    const whole = await readBack(bytes);
    let [harmless, changes] = [0, 0];
    // Never a multiple of 8: each bit of a byte has its turn.
    for (let at = 0; at < bytes.length; at += STEP + 1) {
      changes += 1;
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const found = await readBack(changed).catch((error: unknown) => ({ error }));
      if ('error' in found) continue; // The header itself is broken: no replay log any more.
      // A bit of zstd's framing may mean nothing: then the content is the very same.
      const isSame = found.reading.sha256 === seal.sha256 && found.reading.entries === seal.entries;
      if (isSame && found.reading.damage.length === 0) harmless += 1;
      else assert.notDeepEqual(found.reading.damage, [], `byte ${at}`);
    }
    assert.deepEqual(whole.reading.damage, []);
    assert.ok(harmless < changes / 20, `${harmless} of ${changes} changes made no difference`);
  });

  it('reads what is whole of a log that ends at any byte, and says that it was cut', async () => {
    const { bytes } = await smallLog();
    const ends: number[] = [];
    for (const frame of framesOf(bytes)) ends.push((ends.at(-1) ?? 0) + frame.length);
    const isNearEnd = (length: number) => ends.some((end) => Math.abs(end - length) <= 2);
    for (let length = ends[0] as number; length < bytes.length; length += 1) {
      if (length % STEP !== 0 && !isNearEnd(length)) continue;
      const { reading } = await readBack(bytes.subarray(0, length));
      assert.equal(reading.blocks, ends.filter((end) => end <= length).length - 1);
      assert.equal(reading.end, undefined);
      assert.notDeepEqual(reading.damage, []);
    }
  });

  it('finds blocks that were removed, repeated, put in another order or compressed anew with other numbers', async () => {
    const { bytes, seal } = await smallLog();
    const frames = framesOf(bytes);
    const [header, first, second, ...rest] = frames as [Buffer, Buffer, Buffer, ...Buffer[]];
    const forged = blocksOf(Array.from({ length: 5 }, (_, i) => [makeOperation(i, { sentNs: 1e9 }), 'ok']));
    const other = framesOf((await logBytes(forged)).bytes)[1] as Buffer;
    const cases: Record<string, Buffer[]> = {
      removed: [header, first, ...rest],
      repeated: [header, first, first, second, ...rest],
      'in another order': [header, second, first, ...rest],
      'without its last block': frames.filter((_, i) => i !== frames.length - 2),
      forged: [header, first, other, ...rest],
      'with a first block that is forged': [header, other, second, ...rest],
      'with something behind the end': [...frames, first],
      'with a skippable frame': [header, Buffer.from('502a4d180100000000', 'hex'), first, second, ...rest],
      'without an end': frames.slice(0, -1),
    };
    for (const [what, list] of Object.entries(cases)) {
      const { reading } = await readBack(Buffer.concat(list));
      assert.notDeepEqual(reading.damage, [], what);
    }
    // One who hashes everything anew makes a log that is whole: that it is another one shows in the seal.
    const again = await logBytes(blocksOf([[makeOperation(1), 'ok']]));
    assert.deepEqual((await readBack(again.bytes)).reading.damage, []);
    assert.notEqual(again.seal.sha256, seal.sha256);
  });

  it('refuses what is no replay log, and a newer one', async () => {
    const path = join(folder, 'other');
    const none = () => assert.fail('no block');
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('nonsense'),
      compressFrame(Buffer.from([3, 8, 1, 16])),
    ]) {
      await writeFile(path, bytes);
      await assert.rejects(readReplayLog(path, none), { code: 'not_a_trace' });
    }
    await assert.rejects(readReplayLog(join(folder, 'missing'), none), { code: 'io' });
    const sink = memorySink();
    await createReplayLogWriter(sink, { ...HEADER, formatVersion: LOG_FORMAT_VERSION + 1 }).finish({
      entriesLost: 0,
      anchorNs: undefined,
      factsJson: '',
    });
    await writeFile(path, sink.bytes());
    await assert.rejects(readReplayLog(path, none), { code: 'unsupported_version' });
  });
});

describe('replay log in its thread', () => {
  it('appears whole, is private, and is sealed', async () => {
    const path = join(folder, 'threaded');
    const log = await startReplayLog({ path, header: HEADER });
    const recorder = log.recorder();
    for (let i = 0; i < 10_000; i += 1) {
      recorder.onSent(makeOperation(i), 1);
      recorder.onSettled(makeOperation(i, { recordNumber: i + 100 }), 'ok', 0);
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const seal = await log.finish({ anchorNs: 5, factsJson: '{"b":2}' });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const records: number[] = [];
    const reading = await readReplayLog(path, ({ columns, count }) =>
      records.push(...columns.record.subarray(0, count)),
    );
    assert.deepEqual(reading.damage, []);
    assert.deepEqual(
      records,
      Array.from({ length: 10_000 }, (_, i) => i + 100),
    );
    assert.deepEqual([reading.sha256, reading.entries], [seal.sha256, 10_000]);
    assert.deepEqual([reading.end?.anchorNs, reading.end?.factsJson], [5, '{"b":2}']);
  });

  it('leaves what it has when it is closed without an end, and nothing when it is given up', async () => {
    const path = join(folder, 'closed');
    const log = await startReplayLog({ path, header: HEADER });
    log.recorder().onSettled(makeOperation(1), 'ok', 0);
    await log.close();
    const reading = await readReplayLog(path, () => {});
    assert.equal(reading.entries, 1);
    assert.match(reading.damage.join(), /no end/);

    const gone = await startReplayLog({ path: join(folder, 'gone'), header: HEADER });
    gone.recorder().onSettled(makeOperation(1), 'ok', 0);
    await gone.abort();
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('gone')),
      [],
    );
  });

  it('keeps an existing file, and makes the folder of a new one', async () => {
    const path = join(folder, 'exists');
    await writeFile(path, 'mine');
    await assert.rejects(startReplayLog({ path, header: HEADER }), { code: 'usage' });
    assert.equal(await readFile(path, 'utf8'), 'mine');
    await (await startReplayLog({ path, force: true, header: HEADER })).close();
    const inNew = join(folder, 'new', 'one');
    await (await startReplayLog({ path: inNew, header: HEADER })).finish({
      anchorNs: undefined,
      factsJson: '{}',
    });
    assert.ok((await readFile(inNew)).length > 0);
  });

  it('loses and counts entries past its bound, and never waits', async () => {
    const path = join(folder, 'bounded');
    const log = await startReplayLog({ path, header: HEADER, maxWaitingBlocks: 2 });
    const recorder = log.recorder();
    // All in one turn: nothing is known to be written before it ends.
    for (let i = 0; i < 5 * BLOCK_ENTRIES; i += 1) {
      const operation = makeOperation(i, { doneNs: 1e9 });
      recorder.onSent(operation, 1);
      recorder.onSettled(operation, 'ok', 0);
    }
    const seal = await log.finish({ anchorNs: 0, factsJson: '{}' });
    assert.deepEqual([seal.entries, seal.entriesLost], [2 * BLOCK_ENTRIES, 3 * BLOCK_ENTRIES]);
    const { end } = await readReplayLog(path, () => {});
    assert.equal(end?.entriesLost, 3 * BLOCK_ENTRIES);
  });

  it('reports a disk that is full', { skip: process.platform !== 'linux' }, async () => {
    const log = await startReplayLog({ path: '/dev/full', force: true, header: HEADER });
    const recorder = log.recorder();
    recorder.onSettled(makeOperation(1), 'ok', 0);
    await assert.rejects(log.finish({ anchorNs: 0, factsJson: '{}' }), { code: 'io', where: '/dev/full' });
  });

  it('takes blocks of other threads', async () => {
    const path = join(folder, 'others');
    const log = await startReplayLog({ path, header: HEADER });
    const foreign: LogBlockMessage[] = [];
    const recorder = createReplayLogRecorder({
      shard: 3,
      take: (block) => foreign.push(block),
    });
    recorder.onSettled(makeOperation(1), 'ok', 0);
    recorder.flush();
    for (const block of foreign) log.append(block);
    await log.finish({ anchorNs: 0, factsJson: '{}' });
    const senders: number[] = [];
    await readReplayLog(path, ({ sender }) => senders.push(sender));
    assert.deepEqual(senders, [3]);
  });
});

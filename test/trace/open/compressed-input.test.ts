import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openTrace } from '../../../src/sources/open/open-trace.ts';
import { compressFrame, createCompressStream } from '../../../src/trace/frames/zstd.ts';
import { createNdjsonWriter } from '../../../src/trace/ndjson/ndjson-writer.ts';
import { MAX_LINE_BYTES } from '../../../src/trace/ndjson/read-lines.ts';
import { emptyHeader } from '../../../src/trace/record/record.ts';
import { collect, createMemorySink, makeRecord, pipeOf, readPath, readPiped, withFile } from '../support.ts';

const line = (startNs: number, more = '') => `{"start_ns":${startNs},"path":"/${startNs}"${more}}\n`;
const lines = (count: number) => Array.from({ length: count }, (_, i) => line(i)).join('');
const frame = (text: string) => Buffer.from(compressFrame(Buffer.from(text)));
const skippable = (sizeBytes: number) =>
  Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18]), u32(sizeBytes), Buffer.alloc(sizeBytes, 7)]);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const EMPTY_FRAME = frame('');
/** Frames of one raw block with a header of our own. */
const rawFrame = (header: readonly number[], text: string) => {
  const size = u32(text.length * 8 + 1).subarray(0, 3);
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...header]), size, Buffer.from(text)]);
};
const withWindow = (log: number, text: string) => rawFrame([0, (log - 10) << 3], text);

async function streamed(text: string): Promise<Buffer> {
  const stream = createCompressStream();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (let i = 0; i < text.length; i += 1000) stream.write(Buffer.from(text.slice(i, i + 1000)));
  await new Promise((resolve) => stream.on('end', resolve).end());
  return Buffer.concat(chunks);
}

function cutFrames(text: string, step: number): Buffer {
  const frames: Buffer[] = [];
  for (let i = 0; i < text.length; i += step) frames.push(frame(text.slice(i, i + step)));
  return Buffer.concat(frames);
}

const noise = randomBytes(300_000).toString('base64');
const KINDS: [name: string, bytes: () => Buffer | Promise<Buffer>, records: number][] = [
  ['a first line that does not compress', () => frame(line(0, `,"body":"${noise}"`) + line(1)), 2],
  ['a first line with its start at its end', () => frame(`{"path":"/","body":"${noise}","start_ns":0}\n`), 1],
  ['frames of seven bytes', () => cutFrames(lines(20), 7), 20],
  ['a frame that does not tell its size', () => streamed(lines(500)), 500],
  ['a window of 128 MiB', () => withWindow(27, lines(3)), 3],
  [
    'frames that hold nothing, in front and between',
    async () => {
      const parts = [
        ...Array(40).fill(EMPTY_FRAME),
        frame(lines(2)),
        EMPTY_FRAME,
        frame(line(2)),
        EMPTY_FRAME,
      ];
      return Buffer.concat(parts as Buffer[]);
    },
    3,
  ],
  [
    'a skippable frame longer than what is looked at',
    () => Buffer.concat([skippable(20_000_000), frame(lines(4))]),
    4,
  ],
  [
    'skippable frames of no size',
    () => Buffer.concat([skippable(0), skippable(0), frame(lines(4)), skippable(9)]),
    4,
  ],
  ['a line of blanks longer than what is looked at', () => frame(`${' '.repeat(100_000)}\n${lines(4)}`), 4],
];

for (const [name, make, count] of KINDS) {
  test(`compressed NDJSON is read from a file and from a pipe: ${name}`, async () => {
    const bytes = await make();
    const fromFile = await withFile(bytes, (path) => readPath(path));
    assert.equal(fromFile.records.length, count);
    for (const chunkBytes of [bytes.length, 4093]) {
      assert.deepEqual((await readPiped(bytes, {}, chunkBytes)).records, fromFile.records);
    }
  });
}

test('what is written as NDJSON, of any content, is read again', async () => {
  const bodies = [
    randomBytes(200_000),
    Buffer.alloc(12_000_000),
    Buffer.from('"\\'.repeat(900_000)),
    Buffer.from(noise),
  ];
  const written = bodies.map((body, startNs) => makeRecord({ startNs, body: new Uint8Array(body) }));
  const sink = createMemorySink();
  const writer = createNdjsonWriter(sink, emptyHeader(), { compress: true });
  await writer.write(written);
  await writer.finish();
  const { records } = await withFile(sink.bytes, (path) => readPath(path));
  assert.equal(records.length, written.length);
  for (const [i, { body }] of records.entries()) assert.equal(Buffer.compare(body, bodies[i] ?? body), 0);
});

test('a record whose line nobody would read is not written as NDJSON', async () => {
  const writer = createNdjsonWriter(createMemorySink(), emptyHeader());
  const body = new Uint8Array(MAX_LINE_BYTES * 0.77).fill(0xff);
  await assert.rejects(writer.write([makeRecord({ startNs: 5, body })]), {
    code: 'bad_record',
    where: /starts at 5 ns/,
    hint: /trace file/,
  });
});

const REFUSED: [name: string, bytes: Buffer, code: string, message: RegExp, hint: RegExp | undefined][] = [
  [
    'a window of 2 GiB',
    withWindow(31, line(0)),
    'unsupported',
    /window of 2 GiB.*128 MiB/,
    /zstd -dc --long=31/,
  ],
  [
    'a window a little too long',
    rawFrame([0, (17 << 3) | 1], line(0)),
    'unsupported',
    /144 MiB/,
    /--long=28/,
  ],
  [
    'one piece of 200 MiB',
    rawFrame([0xa0, ...u32(200 * 2 ** 20)], line(0)),
    'unsupported',
    /200 MiB/,
    /--long=28/,
  ],
  [
    'a dictionary',
    rawFrame([0x01, 0x58, 42], line(0)),
    'unsupported',
    /dictionary \(number 42\)/,
    /-D DICTIONARY/,
  ],
  ['zstd of before 0.8', Buffer.from('27b52ffd0001', 'hex'), 'not_a_trace', /before version 0\.8/, /legacy/],
  ['a dictionary itself', Buffer.from('37a430ec0001', 'hex'), 'not_a_trace', /a zstd dictionary/, undefined],
  [
    'nothing but frames without content',
    Buffer.concat([skippable(5), EMPTY_FRAME]),
    'not_a_trace',
    /nothing in/,
    undefined,
  ],
];

for (const [name, bytes, code, message, hint] of REFUSED) {
  test(`${name}: refused by that name, from a file and from a pipe`, async () => {
    await withFile(bytes, async (path) => {
      await assert.rejects(openTrace(path), { code, message, ...(hint && { hint }) });
    });
    await assert.rejects(openTrace('-', { stdin: pipeOf(bytes) }), { code, message });
  });
}

test('records in front of a frame that is refused, or not whole, come first', async () => {
  const whole = frame(lines(3));
  const tails: [Buffer, object][] = [
    [withWindow(31, line(3)), { code: 'unsupported' }],
    [whole.subarray(0, whole.length - 5), { code: 'corrupt', message: /not whole/ }],
    [Buffer.from('garbage'), { code: 'corrupt' }],
  ];
  for (const [tail, error] of tails) {
    const trace = await openTrace('-', { stdin: pipeOf(Buffer.concat([whole, tail])) });
    let seen = 0;
    await assert.rejects(async () => {
      for await (const batch of trace.records()) seen += batch.length;
    }, error);
    assert.ok(seen >= 3);
    await trace.close();
  }
});

test('a first line in a live compressed pipe is told apart without the second', async () => {
  async function* live() {
    yield frame(line(0));
    await new Promise(() => {});
  }
  const { Readable } = await import('node:stream');
  const stdin = Readable.from(live());
  const trace = await openTrace('-', { stdin });
  assert.equal(trace.format, 'ndjson.zst');
  stdin.destroy();
});

test('a line of more values than a record can have is refused before it is parsed', async () => {
  const bytes = Buffer.from(line(0, `,"x":[${'[],'.repeat(2_000_000)}0]`));
  const trace = await openTrace('-', { stdin: pipeOf(bytes, 1 << 20) });
  await assert.rejects(collect(trace), {
    code: 'bad_record',
    message: /more than 2000000 values/,
    where: /line 1/,
  });
});

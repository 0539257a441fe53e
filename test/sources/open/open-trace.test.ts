import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ndjsonSource } from '../../../src/sources/ndjson/ndjson-source.ts';
import { openOpLog } from '../../../src/sources/op-log/op-log.ts';
import { SOURCES } from '../../../src/sources/open/default-sources.ts';
import { notATraceFile } from '../../../src/sources/open/not-a-trace-file.ts';
import { openTrace } from '../../../src/sources/open/open-trace.ts';
import type { Source } from '../../../src/sources/source.ts';
import { createTextTrace } from '../../../src/sources/text-trace.ts';
import { compressFrame } from '../../../src/trace/frames/zstd.ts';
import { openTraceFile } from '../../../src/trace/read/trace-file.ts';
import { emptyHeader } from '../../../src/trace/record/record.ts';
import type { Trace } from '../../../src/trace/trace.ts';
import { withFolder } from '../../support/folders.ts';
import { collect, makeRecord, pipeOf, withFile, writeTrace } from '../../trace/support.ts';

const text = (value: string) => Buffer.from(value);

function brokenZstd(): Uint8Array {
  const frame = Buffer.from(compressFrame(text('{"start_ns":1,"path":"/"}\n')));
  frame[frame.length - 1] = (frame.at(-1) ?? 0) ^ 1;
  return frame;
}

const STRANGERS: [name: string, bytes: Uint8Array, code: string, message: RegExp][] = [
  ['an empty file', text(''), 'empty', /the file is empty/],
  ['white space', text(' \n\n'), 'empty', /white space/],
  ['gzip of text', gzipSync('x'), 'not_a_trace', /looks like text/],
  ['gzip of gzip', gzipSync(gzipSync('x')), 'not_a_trace', /looks like gzip/],
  ['gzip of zstd', gzipSync(compressFrame(text('x'))), 'not_a_trace', /looks like zstd/],
  ['gzip of nothing', gzipSync(''), 'empty', /nothing in the gzip/],
  ['the start of gzip', Buffer.from('1f8b08', 'hex'), 'corrupt', /unexpected end/],
  ['pcap', Buffer.from('d4c3b2a102000400', 'hex'), 'not_a_trace', /pcap/],
  ['text', text('127.0.0.1 - - [01/Jan/2026]\n'), 'not_a_trace', /looks like text/],
  ['binary data', Buffer.from([1, 2, 0, 3]), 'not_a_trace', /binary/],
  ['a JSON array', text('[{"start_ns":1}]'), 'not_a_trace', /JSON array/],
  ['other JSON', text('{"a":1}\n'), 'not_a_trace', /no start_ns/],
  ['HAR', text('{"log":{"version":"1.2","creator":{}}}'), 'not_a_trace', /HAR/],
  ['OTLP', text('{"resourceSpans":[]}\n'), 'not_a_trace', /OTLP/],
  ['compressed text', compressFrame(text('hello')), 'not_a_trace', /looks like text/],
  ['a compressed nothing', compressFrame(text('')), 'not_a_trace', /nothing in its first frame/],
  ['a magic number and no more', Buffer.from('28b52ffd', 'hex'), 'corrupt', /not whole/],
  ['broken zstd', brokenZstd(), 'corrupt', /can't be decompressed/],
];

for (const [name, bytes, code, message] of STRANGERS) {
  test(`${name}: ${code}, from a file and from a pipe`, async () => {
    await withFile(bytes, (path) =>
      assert.rejects(openTrace(path), { name: 'EngramTraceError', code, message, where: new RegExp(path) }),
    );
    if (bytes.length === 0) return;
    await assert.rejects(openTrace('-', { stdin: pipeOf(bytes) }), { code, message });
  });
}

test('of an empty pipe the command in front of it is named as what failed', async () => {
  await assert.rejects(openTrace('-', { stdin: pipeOf(text('')) }), {
    code: 'empty',
    where: 'stdin',
    message: 'nothing came through the pipe',
    hint: /command in front of it failed/,
  });
});

const LOADTEST = text('{ "operations": [\n {"timestamp_ms": 1, "operation": {}}]}');

test('an input that no source of the list knows is told what was looked for', async () => {
  const only = { sources: [ndjsonSource] };
  const error = { code: 'not_a_trace', hint: /^Looked for: a \.trace\.zst file; NDJSON [^;]+\. All but/ };
  await assert.rejects(openTrace('-', { stdin: pipeOf(LOADTEST), ...only }), error);
  await withFile(text('127.0.0.1 - -\n'), (path) =>
    assert.rejects(openTrace(path), { hint: /; NDJSON .+; the JSON trace of the Engram loadtest tool/ }),
  );
});

/** Four bytes of magic, then a byte of start each: told apart by what is no text, without any line. */
const bytesSource: Source = {
  name: 'bytes',
  description: 'bytes of a test',
  looksLike: ({ bytes }) => (Buffer.from(bytes).indexOf('\xd4\xc3\xb2\xa1', 'latin1') === 0 ? 'yes' : 'no'),
  open: (input) =>
    createTextTrace<number>(input, {
      format: 'bytes',
      header: emptyHeader(),
      async *parts() {
        for await (const chunk of input.open()) yield* chunk.filter((byte) => byte < 0x80);
      },
      recordOf: (byte) => (byte === 13 ? undefined : makeRecord({ startNs: byte })),
      sizeOf: () => 100,
      late: { what: 'bytes', hint: 'sort them' },
      limits: { records: 4, bytes: 1e6 },
    }),
};

test('a source that is given is asked first, from the first bytes on, packed or not, and its records are put in order', async () => {
  const bytes = Buffer.from('d4c3b2a1070503110d1201', 'hex');
  const sources = [...SOURCES, bytesSource];
  for (const packed of [bytes, gzipSync(bytes), compressFrame(bytes)]) {
    await withFile(packed, async (path) => {
      const { records, loss, warnings } = await collect(await openTrace(path, { sources }));
      assert.deepEqual(
        records.map(({ startNs }) => startNs),
        [3, 5, 7, 17, 18],
      );
      assert.equal(loss.recordsLate, 1);
      assert.match(warnings.join(), /1 bytes were too far out of order and were left out; sort them\./);
    });
  }
  // A pipe that is silent behind its first bytes.
  const stdin = new PassThrough();
  stdin.write(bytes);
  const trace = await openTrace('-', { stdin, sources });
  assert.equal(trace.format, 'bytes');
  trace.records();
  assert.throws(() => trace.records(), { code: 'usage', message: /only once/ });
  await trace.close();
});

test('what may be of a source is taken where nobody is sure, and where it is nothing else that is known', async () => {
  const taken: string[] = [];
  const source = (name: string, answer: 'yes' | 'perhaps'): Source => ({
    ...bytesSource,
    name,
    looksLike: () => answer,
    open: (input) => {
      taken.push(name);
      return bytesSource.open(input);
    },
  });
  const open = (bytes: Uint8Array, ...sources: Source[]) => openTrace('-', { stdin: pipeOf(bytes), sources });
  await open(text('abcd\n'), source('a', 'perhaps'), source('b', 'yes'), source('c', 'yes'));
  await open(text('abcd\n'), source('d', 'perhaps'), source('e', 'perhaps'));
  assert.deepEqual(taken, ['b', 'd']);
  await assert.rejects(open(text('BZh91AY'), source('f', 'perhaps')), { message: /bzip2/ });
});

test('no such file, a folder, no input', async () => {
  await withFolder(async (folder) => {
    const missing = join(folder, 'missing');
    await assert.rejects(openTrace(missing), { code: 'io', message: /no such file/, where: missing });
    await assert.rejects(openTraceFile(missing), { code: 'io', message: /no such file/ });
    await assert.rejects(openTrace(folder), { code: 'not_a_trace', hint: /export/ });
    await assert.rejects(openTraceFile(folder), { code: 'usage', hint: /export/ });
  });
  await assert.rejects(openTrace('-'), { code: 'usage' });
});

test('where only a trace file will do, what a file is instead is told', async () => {
  const others: [bytes: Uint8Array, message: RegExp, hint: RegExp][] = [
    [text('{"start_ns":1,"path":"/"}\n'), /^it is NDJSON .*, and this needs a trace file$/, /convert/],
    [
      compressFrame(LOADTEST),
      /^it is the JSON trace of the Engram loadtest tool .* a trace file$/,
      /convert/,
    ],
    [text('hello\n'), /^not a trace: it looks like text, not like JSON$/, /^Looked for: /],
  ];
  for (const [bytes, message, hint] of others) {
    await withFile(bytes, async (path) => {
      const error = { code: 'not_a_trace', message, hint };
      await assert.rejects(openOpLog(path), error);
      const thrown = await openTraceFile(path).catch((plain: unknown) => plain);
      await assert.rejects(Promise.reject(await notATraceFile(thrown, path)), error);
    });
  }
  const other = new Error('something else');
  assert.equal(await notATraceFile(other, 'x'), other);
});

test('random access wants a trace file', async () => {
  await withFile(text('{"start_ns":1,"path":"/"}\n'), (path) =>
    assert.rejects(openTraceFile(path), { code: 'not_a_trace', hint: /convert/ }),
  );
});

test('gzip of NDJSON and of loadtest JSON is read by its content, from a file, twice, and from a pipe', async () => {
  const lines = [0, 1, 2].map((n) => `{"start_ns":${n},"path":"/${n}","op":"get"}\n`);
  const bytes = Buffer.concat([...lines.map((line) => gzipSync(line)), Buffer.alloc(512)]);
  const starts = async (trace: Trace): Promise<number[]> =>
    (await collect(trace)).records.map(({ startNs }) => startNs);
  await withFile(bytes, async (path) => {
    const trace = await openTrace(path);
    assert.deepEqual([trace.format, trace.seekable], ['ndjson.gz', true]);
    assert.deepEqual(await starts(trace), [0, 1, 2]);
    assert.deepEqual(await starts(trace), [0, 1, 2]);
  });
  assert.deepEqual(await starts(await openTrace('-', { stdin: pipeOf(bytes) })), [0, 1, 2]);
  const loadtest = gzipSync('{"operations":[{"timestamp_ms":1,"operation":"get"}]}');
  const opened = await openTrace('-', { stdin: pipeOf(loadtest) });
  assert.equal(opened.format, 'loadtest');
});

test('a gzip that is cut short gives the lines it holds, then its place', async () => {
  const whole = gzipSync('{"start_ns":1,"path":"/"}\n{"start_ns":2,"path":"/"}\n');
  await withFile(whole.subarray(0, -8), async (path) => {
    const trace = await openTrace(path);
    const where = new RegExp(`^${path}, near byte ${whole.length - 8}$`);
    await assert.rejects(collect(trace), { code: 'corrupt', message: /unexpected end/, where });
  });
});

test('a named pipe is read like a pipe', async () => {
  const bytes = await writeTrace([makeRecord({ startNs: 7 })]);
  await withFolder(async (folder) => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    await withFile(bytes, async (path) => {
      const { spawn } = await import('node:child_process');
      const cat = spawn('sh', ['-c', `cat '${path}' > '${fifo}'`]);
      const trace = await openTrace(fifo);
      assert.equal(trace.seekable, false);
      assert.equal((await collect(trace)).records[0]?.startNs, 7);
      await new Promise((resolve) => (cat.exitCode === null ? cat.once('exit', resolve) : resolve(0)));
    });
  });
});

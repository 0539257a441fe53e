import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { openTrace } from '../../../src/sources/open/open-trace.ts';
import { createReorderWindow } from '../../../src/sources/reorder-window.ts';
import { compressFrame } from '../../../src/trace/frames/zstd.ts';
import { createNdjsonWriter } from '../../../src/trace/ndjson/ndjson-writer.ts';
import { readLines } from '../../../src/trace/ndjson/read-lines.ts';
import { emptyHeader } from '../../../src/trace/record/record.ts';
import fc from '../../support/fast-check.ts';
import { createMemorySink, lossOf, makeRecord, pipeOf, readPath, readPiped, withFile } from '../support.ts';

const lines = (...texts: string[]) => Buffer.from(`${texts.join('\n')}\n`);
const line = (startNs: number, more = '') => `{"start_ns":${startNs},"path":"/p"${more}}`;

test('a line with the least there can be', async () => {
  const [record] = (await readPiped(lines(line(5)))).records;
  assert.deepEqual(record, makeRecord({ startNs: 5, path: '/p', session: '', op: '', space: '' }));
});

test('a version of HTTP is the usual one where none is said, and nothing but a version', async () => {
  const versions = ['', ',"http_version":"1.0"', ',"http_version":"1.1"'];
  const { records } = await readPiped(lines(...versions.map((version, i) => line(i, version))));
  assert.deepEqual(
    records.map(({ httpVersion }) => httpVersion),
    [undefined, '1.0', undefined],
  );
  await assert.rejects(
    readPiped(lines(line(1, ',"http_version":"one"'))),
    /http_version is "?one"?, not one of 1\.0, 1\.1/,
  );
});

test('half of a pair of surrogates is what it is on disk, in every text', async () => {
  const half = ',"op":"a\\ud800","session":"\\udc00s","space":"\\ud83d\\ude00","headers":[["X","\\udfff"]]';
  const [record] = (await readPiped(lines(line(0, half)))).records;
  const { op, session, space, headers } = record as NonNullable<typeof record>;
  assert.deepEqual([op, session, space, ...headers], ['a\ufffd', '\ufffds', '\u{1f600}', 'X', '\ufffd']);
});

test('a header is not needed, an outcome says what it can, unknown fields are passed over', async () => {
  const { records, header } = await readPiped(
    lines(
      line(1, ',"outcome":{"status":503},"new_field":[1]'),
      line(2, ',"protocol":"grpc","outcome":{"status":0}'),
    ),
  );
  assert.deepEqual(
    records.map(({ outcome }) => outcome.ok),
    [false, true],
  );
  assert.equal(records[1]?.method, 'POST');
  assert.equal(header.epochUnixNs, 0n);
  assert.equal(header.sorted, false);
});

test('blank lines, CRLF, a BOM and a last line without its end are fine', async () => {
  const bytes = Buffer.from(`\uFEFF${line(1)}\r\n\r\n  \n${line(2)}`);
  const { records } = await withFile(bytes, readPath);
  assert.deepEqual(
    records.map(({ startNs }) => startNs),
    [1, 2],
  );
});

test('bytes that are not UTF-8 are base64, and both forms are read', async () => {
  const sink = createMemorySink();
  const writer = createNdjsonWriter(sink, emptyHeader());
  const body = new Uint8Array([0xff, 0x00]);
  const response = new Uint8Array(Buffer.from('\uFEFFgrün'));
  const record = makeRecord({ body, outcome: { ...makeRecord().outcome, response } });
  await writer.write([record]);
  await writer.finish();
  assert.match(sink.bytes.toString(), /"body_base64":"\/wA=".*"response":"\uFEFFgrün"/);
  assert.deepEqual((await readPiped(sink.bytes)).records, [record]);
});

test('loss lines are added up', async () => {
  const sink = createMemorySink();
  const writer = createNdjsonWriter(sink, { ...emptyHeader(), loss: lossOf({ recordsDropped: 1 }) });
  writer.addLoss(lossOf({ recordsDropped: 2 }));
  await writer.write([makeRecord()]);
  await writer.flush();
  writer.addLoss(lossOf({ recordsDropped: 4 }));
  await writer.finish();
  assert.equal((await readPiped(sink.bytes)).loss.recordsDropped, 7);
});

const BROKEN: [name: string, text: string, message: RegExp][] = [
  ['no JSON', '{"start_ns":1', /not JSON/],
  ['no object', '[1]', /the line is not an object/],
  ['no start', '{"path":"/"}', /start_ns is missing/],
  ['no path', '{"start_ns":1}', /path is missing/],
  ['a start that is no number', '{"start_ns":"1","path":"/"}', /start_ns is not a number: "1"/],
  ['a fraction', '{"start_ns":1.5,"path":"/"}', /start_ns is not an integer/],
  [
    'a start above 2^53',
    '{"start_ns":9007199254740993000,"path":"/"}',
    /start_ns is not an integer up to 2\^53/,
  ],
  ['a negative duration', line(1, ',"duration_ns":-1'), /duration_ns is -1/],
  ['an unknown protocol', line(1, ',"protocol":"http2"'), /protocol is "http2", not one of http, grpc/],
  ['headers that are no pairs', line(1, ',"headers":{"a":"b"}'), /headers is not a list/],
  ['a header without a value', line(1, ',"headers":[["a"]]'), /pairs/],
  ['broken base64', line(1, ',"body_base64":"a*=="'), /body_base64 is not base64/],
  ['a body twice', line(1, ',"body":"a","body_base64":"YQ=="'), /body and body_base64 are both there/],
  [
    'a broken stream message',
    line(1, ',"stream":{"messages":[{},{"offset_ns":-2}]}'),
    /stream\.messages\[1\]\.offset_ns is -2/,
  ],
  ['a status that is none', line(1, ',"outcome":{"status":2147483648}'), /outcome\.status is 2147483648/],
  ['a checksum that is none', line(1, ',"outcome":{"response_crc32":4294967296}'), /outcome\.response_crc32/],
  ['a second header', '{"header":{}}', /second header/],
];

for (const [name, text, message] of BROKEN) {
  test(`a line with ${name} is named, or skipped and counted`, async () => {
    const bytes = lines(line(0), '', text, line(9));
    await withFile(bytes, async (path) => {
      await assert.rejects(readPath(path), { code: 'bad_record', message, where: `${path}, line 3` });
      const skipped = await readPath(path, { onDamage: 'skip' });
      assert.deepEqual(
        skipped.records.map(({ startNs }) => startNs),
        [0, 9],
      );
      assert.equal(skipped.loss.recordsDamaged, 1);
    });
  });
}

test('a line that is not UTF-8 is not guessed at', async () => {
  const bytes = Buffer.concat([lines(line(0)), Buffer.from(line(1, ',"body":"\xff"'), 'latin1')]);
  await assert.rejects(readPiped(bytes), { code: 'bad_record', message: /not UTF-8/ });
});

test('a last line that is cut off says so', async () => {
  const bytes = Buffer.from(`${line(0)}\n{"start_ns":1,"pa`);
  await assert.rejects(readPiped(bytes), { code: 'bad_record', hint: /cut off/ });
});

test('a header of a newer version, or a wrong one', async () => {
  await assert.rejects(readPiped(lines('{"header":{"format_version":9}}')), { code: 'unsupported_version' });
  await assert.rejects(readPiped(lines('{"header":{"epoch_unix_ns":1.5}}')), {
    code: 'bad_record',
    message: /epoch_unix_ns/,
  });
});

test('a line longer than the bound is refused before it is held', async () => {
  async function* endless() {
    for (;;) yield Buffer.alloc(1000, 120);
  }
  const read = async () => {
    for await (const _ of readLines(endless(), 'x', 5000));
  };
  await assert.rejects(read(), { code: 'bad_record', where: 'x, line 1' });
});

/** Cut into pieces of the given sizes, in turn. */
async function* inPieces(text: string, sizes: readonly number[]): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + (sizes[i % sizes.length] ?? 1);
    yield bytes.subarray(at, end);
    at = end;
  }
}

test('lines are cut and numbered as a split of the whole text has them, without those of white space', async () => {
  const part = fc.constantFrom('\n', '\n', ' ', '\r', '\t', 'a', '{}', 'é');
  const text = fc.array(part, { maxLength: 40 }).map((parts) => parts.join(''));
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(text, sizes, async (whole, pieces) => {
      const found: [number, string, boolean][] = [];
      for await (const { bytes, number, isEnded } of readLines(inPieces(whole, pieces), 'x')) {
        found.push([number, bytes.toString(), isEnded]);
      }
      const all = whole.split('\n');
      const expected = all
        .map((line, i): [number, string, boolean] => [i + 1, line, i < all.length - 1])
        .filter(([, line]) => /[^ \r\t]/.test(line));
      assert.deepEqual(found, expected);
    }),
  );
});

test('twenty million blank lines are one step for who reads them', async () => {
  async function* blankLines() {
    for (let i = 0; i < 320; i++) yield Buffer.alloc(65536, i % 2 === 0 ? '\n' : ' \r\n');
    yield Buffer.from('{}');
  }
  let steps = 0;
  for await (const line of readLines(blankLines(), 'x')) {
    steps++;
    assert.equal(line.bytes.toString().trim(), '{}');
  }
  assert.equal(steps, 1);
});

test('white space without end, and nothing else, is no trace', async () => {
  for (const unit of ['\n', ' \r\n']) {
    await assert.rejects(readPiped(Buffer.from(unit.repeat(100_000))), {
      code: 'empty',
      message: 'the file holds only white space',
    });
  }
});

test('lines a little out of order are put right, those far out are counted', () => {
  const window = createReorderWindow({ records: 4, bytes: 1e9 });
  const sent: number[] = [];
  for (const startNs of [3, 1, 2, 9, 7, 0, 8, 6]) {
    window.add(makeRecord({ startNs }), 1);
    sent.push(...window.ready().map((record) => record.startNs));
  }
  sent.push(...window.rest().map((record) => record.startNs));
  assert.deepEqual(sent, [1, 2, 3, 7, 8, 9]);
  assert.equal(window.late, 2);
});

test('the window is bounded in bytes too', () => {
  const window = createReorderWindow({ records: 1000, bytes: 100 });
  window.add(makeRecord({ startNs: 2 }), 60);
  assert.deepEqual(window.ready(), []);
  window.add(makeRecord({ startNs: 1 }), 60);
  assert.deepEqual(
    window.ready().map(({ startNs }) => startNs),
    [1],
  );
});

test('late lines are in losses and warnings', async () => {
  const many = Array.from({ length: 20_000 }, (_, i) => line(i + 10));
  const { records, loss, warnings } = await readPiped(lines(...many, line(1)), {}, 65536);
  assert.equal(records.length, 20_000);
  assert.equal(loss.recordsLate, 1);
  assert.match(warnings.join(), /1 records were too far out of order/);
});

test('compressed lines in any frames, skippable ones too', async () => {
  const skippable = Buffer.from('502a4d1803000000616263', 'hex');
  const bytes = Buffer.concat([compressFrame(lines(line(1), '{"start_ns":2,')).subarray(0), skippable]);
  await assert.rejects(readPiped(bytes), { code: 'bad_record' });
  const split = lines(line(1), line(2));
  const two = Buffer.concat([
    compressFrame(split.subarray(0, 30)),
    skippable,
    compressFrame(split.subarray(30)),
  ]);
  assert.equal((await readPiped(two, {}, 1)).records.length, 2);
  assert.equal((await withFile(two, readPath)).records.length, 2);
});

test('compressed lines that are cut off or damaged', async () => {
  const bytes = Buffer.from(compressFrame(lines(...Array.from({ length: 500 }, (_, i) => line(i)))));
  await assert.rejects(readPiped(bytes.subarray(0, bytes.length - 3)), { code: 'corrupt' });
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await assert.rejects(readPiped(bytes), { code: 'corrupt' });
});

test('a live pipe is opened as soon as its first line is there, and can be left', async () => {
  const stdin = new PassThrough();
  stdin.write(`${line(1)}\n`);
  const trace = await openTrace('-', { stdin });
  assert.equal(trace.format, 'ndjson');
  assert.equal(trace.seekable, false);
  await trace.close();
  assert.ok(stdin.destroyed);
});

test('a pipe is read once, a file again and again', async () => {
  const bytes = lines(line(1));
  const piped = await openTrace('-', { stdin: pipeOf(bytes) });
  for await (const _ of piped.records());
  assert.throws(() => piped.records(), { code: 'usage' });
  await withFile(bytes, async (path) => {
    const trace = await openTrace(path);
    for (let round = 0; round < 3; round++) {
      let count = 0;
      for await (const batch of trace.records()) count += batch.length;
      assert.equal(count, 1);
    }
    await trace.close();
  });
});

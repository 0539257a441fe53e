import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { compressFrame } from '../../src/trace/frames/zstd.ts';
import { frameSpan } from '../../src/trace/frames/zstd-frame.ts';
import { createNdjsonWriter } from '../../src/trace/ndjson/ndjson-writer.ts';
import { openTraceFile } from '../../src/trace/read/trace-file.ts';
import type { TraceWriter } from '../../src/trace/trace.ts';
import { createTraceWriter } from '../../src/trace/write/create-trace-writer.ts';
import { createFrameWriter } from '../../src/trace/write/frame-writer.ts';
import { GOLDEN_HEADER, GOLDEN_LOSS, GOLDEN_RECORDS } from './golden-records.ts';
import { createMemorySink, FIXTURES, withFile } from './support.ts';

// Makes the fixtures of the format: `node dist/test/trace/make-fixtures.js` writes them, fixtures.test.ts compares
// them with those in the repository. Those may change only together with the format's version.

/** All golden and hostile files, by their name under fixtures/. */
export async function makeFixtures(): Promise<Map<string, Uint8Array>> {
  const golden = await writeTo((sink) =>
    createTraceWriter(sink, GOLDEN_HEADER, { maxBlockSpanNs: 1_000_000 }),
  );
  const lines = await writeTo((sink) => createNdjsonWriter(sink, GOLDEN_HEADER));
  const index = `${JSON.stringify(await withFile(golden, summarizeIndex), undefined, 2)}\n`;
  return new Map([
    ['golden.trace.zst', golden],
    ['golden.ndjson', lines],
    ['golden.index.json', Buffer.from(index)],
    ...hostileTraces(golden),
    ...(await newerTrace()),
    ...hostileTexts(),
  ]);
}

async function writeTo(create: (sink: ReturnType<typeof createMemorySink>) => TraceWriter) {
  const sink = createMemorySink();
  const writer = create(sink);
  await writer.write(GOLDEN_RECORDS);
  writer.addLoss(GOLDEN_LOSS);
  await writer.finish();
  return sink.bytes;
}

/** What the index of a trace file says, but for what depends on the release of zstd. */
export async function summarizeIndex(path: string): Promise<object> {
  const file = await openTraceFile(path);
  const { totals, blocks, closedNs } = file.index;
  await file.close();
  return {
    indexSource: file.indexSource,
    closedNs,
    blocks: blocks.map(({ records, firstStartNs, lastStartNs, rawBytes }) => ({
      records,
      firstStartNs,
      lastStartNs,
      rawBytes,
    })),
    ops: Object.fromEntries(totals.ops.map((op) => [op, totals.stats.ops.get(op)?.count])),
    sessions: totals.stats.sessionHashes,
    dispersion: [totals.dispersion10Ms, totals.dispersion100Ms],
    loss: totals.loss,
  };
}

/** The code of the error comes first in the name. */
function hostileTraces(golden: Buffer): [string, Uint8Array][] {
  const headerBytes = frameBytes(golden, 0);
  const secondBlockAt = headerBytes + frameBytes(golden, headerBytes);
  const withBlock = (...message: number[]) =>
    Buffer.concat([golden.subarray(0, headerBytes), compressFrame(Uint8Array.from(message))]);
  const twoGb = [0x80, 0x80, 0x80, 0x80, 0x08];
  const traces: [string, Uint8Array][] = [
    ['corrupt-flipped-header', flipped(golden, 30, 0x01)],
    ['corrupt-flipped-block', flipped(golden, secondBlockAt + 30, 0x40)],
    ['corrupt-cut-header', golden.subarray(0, 20)],
    ['corrupt-joined', Buffer.concat([golden, golden])],
    ['corrupt-joined-unfinished', Buffer.concat([golden.subarray(0, secondBlockAt), golden])],
    ['corrupt-two-messages-in-a-frame', withBlock(0, 0)],
    // Tags: 0x3a is a record in a block; in it 0x52 is the body, 0x30 the protocol, 0x20 the op.
    ['corrupt-message-claims-2-gb', withBlock(...twoGb, 0x3a)],
    ['corrupt-record-claims-2-gb', withBlock(6, 0x3a, ...twoGb)],
    ['corrupt-body-claims-2-gb', withBlock(10, 0x3a, 8, 0x30, 1, 0x52, ...twoGb)],
    ['corrupt-string-missing', withBlock(6, 0x3a, 4, 0x30, 1, 0x20, 9)],
    ['empty-nothing', new Uint8Array(0)],
  ];
  return traces.map(([name, bytes]) => [`hostile/${name}.trace.zst`, bytes]);
}

async function newerTrace(): Promise<[string, Uint8Array][]> {
  const sink = createMemorySink();
  await createFrameWriter(sink, { ...GOLDEN_HEADER, formatVersion: 2 }).finish(0);
  return [['hostile/unsupported_version-2.trace.zst', sink.bytes]];
}

function hostileTexts(): [string, Uint8Array][] {
  const line = '{"start_ns":1,"path":"/"}\n';
  const loadtest = `{ "operations": [ { "timestamp_ms": 0, "operation": { "type": "embedding_search", "query": [0.1], "k": 3 } } ],
  "metadata": { "start_time": "2026-01-01T00:00:00Z", "duration_seconds": 1, "total_operations": 1 } }
`;
  const texts = {
    'bad_record-cut-off.ndjson': `${line}{"start_ns":2,"path":"/`,
    'bad_record-no-json.ndjson': `${line}{"start_ns":2,"pa\n`,
    'bad_record-no-start.ndjson': `${line}{"path":"/"}\n`,
    'empty-blank.ndjson': '\n\n',
    'unsupported_version-2.ndjson': '{"header":{"format_version":2}}\n',
    // The command line reads it; whoever opens it as a trace of ours is told what it is.
    'not_a_trace-loadtest.json': loadtest,
    'not_a_trace-text.log': '10.0.0.7 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 1\n',
  };
  return Object.entries(texts).map(([name, text]) => [`hostile/${name}`, Buffer.from(text)]);
}

function frameBytes(bytes: Uint8Array, at: number): number {
  const span = frameSpan(bytes, at);
  if (span.kind !== 'data') throw new Error(`no frame at byte ${at}`);
  return span.sizeBytes;
}

function flipped(bytes: Uint8Array, at: number, bits: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ bits;
  return copy;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, bytes] of await makeFixtures()) await writeFile(new URL(name, FIXTURES), bytes);
}

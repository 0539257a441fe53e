import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngramTraceError } from '../../src/error.ts';
import { Block } from '../../src/gen/engram/trace/v1/trace.ts';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import { compressFrame, decompressFrame } from '../../src/trace/frames/zstd.ts';
import { frameSpan } from '../../src/trace/frames/zstd-frame.ts';
import { recordToJson } from '../../src/trace/ndjson/record-json.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import type { Trace } from '../../src/trace/trace.ts';
import { frames, OPTIONS, RECORDS, unfinished, whole } from './damaged-sample.ts';
import { pipeOf, readPath, readPiped, withFile, writeTrace } from './support.ts';

// What is whole in front of the damage is handed over; then the error comes, and never silence.

/** The message in a frame of the sample, without its length. */
function content(frame: number): Uint8Array {
  const at = frames.slice(0, frame).reduce((sum, size) => sum + size, 0);
  const span = frameSpan(whole, at);
  assert.ok(span.kind === 'data');
  const raw = decompressFrame(whole.subarray(at, at + span.sizeBytes), span.contentBytes ?? 0);
  return raw.subarray(raw.findIndex((byte) => byte < 128) + 1);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left >>>= 7) {
    bytes.push(left < 128 ? left : (left & 127) | 128);
    if (left < 128) return Buffer.from(bytes);
  }
}

/** Batches up to the error, and the error. */
async function readUpToError(open: () => Promise<Trace>) {
  const trace = await open();
  const records: TraceRecord[] = [];
  try {
    for await (const batch of trace.records()) records.push(...batch);
  } catch (error) {
    assert.ok(error instanceof EngramTraceError, String(error));
    return { records, error };
  } finally {
    await trace.close();
  }
  return { records, error: undefined };
}

/** Both ways to read these bytes. */
async function eachWay(
  bytes: Uint8Array,
  check: (result: Awaited<ReturnType<typeof readUpToError>>, way: string) => void,
): Promise<void> {
  await withFile(bytes, async (path) => check(await readUpToError(() => openTrace(path)), 'file'));
  check(await readUpToError(() => openTrace('-', { stdin: pipeOf(bytes) })), 'pipe');
}

for (const [state, first] of [
  ['closed', whole],
  ['unfinished', unfinished],
] as const) {
  test(`a trace (${state}) with another joined to it: the first, then an error; skipped, it is counted`, async () => {
    const header = { epochUnixNs: 1_700_000_000_000_000_000n };
    const second = await writeTrace(RECORDS, header, OPTIONS);
    const joined = Buffer.concat([first, second]);
    await eachWay(joined, ({ records, error }, way) => {
      assert.deepEqual(records, RECORDS, way);
      assert.equal(error?.code, 'corrupt', way);
      assert.match(error?.message ?? '', /another trace starts/, way);
      assert.match(error?.where ?? '', new RegExp(`at byte ${first.length}$`), way);
      assert.match(error?.hint ?? '', /each on its own/, way);
    });
    await withFile(joined, async (path) => {
      for (const read of [
        await readPath(path, { onDamage: 'skip' }),
        await readPiped(joined, { onDamage: 'skip' }),
      ]) {
        assert.deepEqual(read.records, RECORDS);
        assert.equal(read.loss.blocksDamaged, 4);
      }
    });
  });
}

test('from a small trace with a damaged block, what comes before it is handed over, then the error', async () => {
  for (const [name, full] of Object.entries({ whole, unfinished })) {
    for (const block of [0, 1, 2]) {
      const bytes = Buffer.from(full);
      const at = frames.slice(0, block + 1).reduce((sum, size) => sum + size, 0);
      bytes.fill(0xaa, at + 20, at + 30);
      await eachWay(bytes, ({ records, error }, way) => {
        const label = `${name}, block ${block}, ${way}`;
        assert.equal(error?.code, 'corrupt', label);
        assert.deepEqual(records, RECORDS.slice(0, block * 10), label);
      });
    }
  }
});

test('of a block whose content turns out to be no record, those before are handed over', async () => {
  const block = Block.decode(content(1));
  const last = block.records.at(-1);
  assert.ok(last);
  last.path = 9999;
  const raw = Block.encode(block).finish();
  const frame = compressFrame(Buffer.concat([varint(raw.length), raw]));
  const bytes = Buffer.concat([whole.subarray(0, frames[0]), frame]);
  await eachWay(bytes, ({ records, error }, way) => {
    assert.equal(error?.code, 'corrupt', way);
    // A scan decodes every record and leaves the block out; a pipe learns of it on the way.
    assert.deepEqual(records, way === 'pipe' ? RECORDS.slice(0, 9) : [], way);
  });
});

test('from NDJSON with a broken line, the records before it are handed over', async () => {
  const lines = RECORDS.map((record) => JSON.stringify(recordToJson(record)));
  const text = [...lines.slice(0, 20), '{"start_ns":', ...lines.slice(20)].join('\n');
  await eachWay(Buffer.from(text), ({ records, error }, way) => {
    assert.deepEqual(records, RECORDS.slice(0, 20), way);
    assert.equal(error?.code, 'bad_record', way);
  });
});

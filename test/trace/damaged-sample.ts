import assert from 'node:assert/strict';
import { frameSpan } from '../../src/trace/frames/zstd-frame.ts';
import { makeRecord, writeTrace } from './support.ts';

/** What the sample holds. */
export const RECORDS = Array.from({ length: 30 }, (_, i) =>
  makeRecord({
    startNs: i * 1_000_000,
    durationNs: 5000 + i,
    session: `c${i % 4}`,
    op: i % 3 === 0 ? 'remember' : 'recall',
    body: new Uint8Array(Buffer.from(`{"n":${i}}`)),
  }),
);
/** Three blocks of ten records. */
export const OPTIONS = { maxBlockSpanNs: 10_000_000 };
export const whole = await writeTrace(RECORDS, {}, OPTIONS);
/** Sizes of its frames: header, three blocks, index, seek table. */
export const frames = frameSizes(whole);
export const endOfBlocks = frames.slice(0, 4).reduce((sum, size) => sum + size, 0);
/** As a capture leaves it that is killed between two blocks. */
export const unfinished = whole.subarray(0, endOfBlocks);

function frameSizes(bytes: Uint8Array): number[] {
  const sizes: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const span = frameSpan(bytes, at);
    assert.ok(span.kind === 'data' || span.kind === 'skippable');
    sizes.push(span.sizeBytes);
    at += span.sizeBytes;
  }
  return sizes;
}

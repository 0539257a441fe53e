import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstOfBatch, giveBackFrom } from '../../../src/trace/block/record-spans.ts';
import { openTraceFile } from '../../../src/trace/read/trace-file.ts';
import { traceFromFile } from '../../../src/trace/read/trace-from-file.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import type { ReadOptions, Trace } from '../../../src/trace/trace.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { makeRecord, withFile, writeTrace } from '../support.ts';

const POISON = 0xdd;

/** Opens a trace whose blocks, in the order they were written in, hold records with these starts. */
async function withTrace(
  starts: readonly number[],
  use: (trace: Trace, given: Set<SharedArrayBuffer>) => Promise<void>,
): Promise<void> {
  const records = starts.map((startNs) => makeRecord({ startNs, body: bodyOf(startNs) }));
  const bytes = await writeTrace(records, { sorted: false }, { maxBlockBytes: 1500 });
  await withFile(bytes, async (path) => {
    const given = new Set<SharedArrayBuffer>();
    const trace = traceFromFile(await openTraceFile(path), {
      onGiven: (memory) => {
        given.add(memory);
        new Uint8Array(memory).fill(POISON);
      },
    });
    try {
      await use(trace, given);
    } finally {
      await trace.close();
    }
  });
}

function bodyOf(startNs: number): Buffer {
  return Buffer.from(`the body of what started at ${startNs}`);
}

function isWhole({ startNs, body }: TraceRecord): boolean {
  return Buffer.compare(body, bodyOf(startNs)) === 0;
}

function isPooled({ body }: TraceRecord): boolean {
  return body.buffer instanceof SharedArrayBuffer;
}

const STARTS = Array.from({ length: 800 }, (_, i) => i * 10);

test('any number of passes over any part goes through the same few pieces of memory', async () => {
  const numbers = fc.integer({ min: 0, max: 4000 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(numbers, { minLength: 150, maxLength: 250 }),
      fc.record(
        { fromNs: numbers, toNs: numbers, limit: fc.integer({ min: 1, max: 100 }) },
        { requiredKeys: [] },
      ),
      fc.boolean(),
      async (starts, { limit = Infinity, ...range }, isInOrder) => {
        const sorted = isInOrder ? starts.toSorted((a, b) => a - b) : starts;
        await withTrace(sorted, async (trace) => {
          for (let pass = 0; pass < 26; pass++) {
            let left = limit;
            for await (const batch of trace.records({ ...range, ahead: true, recycled: true })) {
              const first = batch.length > left ? firstOfBatch(batch, left) : batch;
              assert.ok(first.every(isWhole), 'a record was overwritten before it was given back');
              assert.ok(first.every(isPooled), `memory was lost by pass ${pass}`);
              giveBackFrom(first, 0);
              left -= first.length;
              if (left <= 0) break;
            }
          }
        });
      },
    ),
    { numRuns: runs(6) },
  );
});

test('what is not given back stays as it is, and where no memory is left blocks get their own', async () => {
  await withTrace(STARTS, async (trace, given) => {
    const kept: TraceRecord[] = [];
    for (let pass = 0; pass < 3; pass++) {
      const isAllKept = pass === 2;
      let batches = 0;
      for await (const batch of trace.records({ ahead: true, recycled: true })) {
        if (isAllKept || batches++ === 0) kept.push(...batch);
        else giveBackFrom(batch, 0);
      }
      assert.ok(given.size > 0, 'what was given back is used again');
      assert.ok(kept.every(isWhole));
      assert.equal(kept.every(isPooled), !isAllKept);
    }
  });
});

test('who does not ask for it keeps records as long as it likes', async () => {
  await withTrace(STARTS, async (trace, given) => {
    for (const options of [{}, { ahead: true }] satisfies ReadOptions[]) {
      const kept: TraceRecord[] = [];
      for await (const batch of trace.records(options)) {
        kept.push(...batch);
        giveBackFrom(batch, 0);
      }
      assert.equal(kept.length, STARTS.length);
      assert.ok(kept.every(isWhole));
    }
    assert.equal(given.size, 0);
  });
});

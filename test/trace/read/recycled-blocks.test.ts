import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNumberedSource } from '../../../src/replay-run/source/numbered-source.ts';
import { mergeTraces } from '../../../src/sources/merge-traces.ts';
import { firstOfBatch, giveBackFrom } from '../../../src/trace/block/record-spans.ts';
import { openTraceFile, type TraceFile } from '../../../src/trace/read/trace-file.ts';
import { traceFromFile } from '../../../src/trace/read/trace-from-file.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import type { ReadOptions, Trace } from '../../../src/trace/trace.ts';
import { mapTrace } from '../../../src/transforms/map-trace.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { makeRecord, withFile, writeTrace } from '../support.ts';

const POISON = 0xdd;

/** Opens a trace whose blocks, in the order they were written in, hold records with these starts. */
async function withTrace(
  starts: readonly number[],
  use: (trace: Trace, given: Set<SharedArrayBuffer>, made: Set<SharedArrayBuffer>) => Promise<void>,
  open = openTraceFile,
): Promise<void> {
  const records = starts.map((startNs) => makeRecord({ startNs, body: bodyOf(startNs) }));
  const bytes = await writeTrace(records, { sorted: false }, { maxBlockBytes: 1500 });
  await withFile(bytes, async (path) => {
    const given = new Set<SharedArrayBuffer>();
    const made = new Set<SharedArrayBuffer>();
    const trace = traceFromFile(await open(path), {
      onMade: (memory) => made.add(memory),
      onGiven: (memory) => {
        given.add(memory);
        new Uint8Array(memory).fill(POISON);
      },
    });
    try {
      await use(trace, given, made);
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

/** Of three blocks in a row one does not open and one breaks at its third record, each time they are read. */
async function openDamaged(path: string): Promise<TraceFile> {
  const file = await openTraceFile(path);
  return {
    ...file,
    readRaw: async (entry, unpack) => {
      const raw = await file.readRaw(entry, unpack);
      const kind = file.index.blocks.indexOf(entry) % 3;
      if (kind === 1) raw.bytes[0] = 1;
      if (kind === 2) raw.bytes[lengthOfBody(raw.bytes, 2)] = 0x7f;
      return raw;
    },
  };
}

/** Where the length of the body stands of record `number` in a block. */
function lengthOfBody(block: Uint8Array, number: number): number {
  const text = Buffer.from(block.buffer, block.byteOffset, block.length);
  let at = -1;
  for (let i = 0; i <= number; i++) at = text.indexOf('the body of', at + 1);
  assert.ok(at > 0);
  return at - 1;
}

test('a block that is damaged, at its head or half way, gives its memory back, whether it is skipped or an error', async () => {
  for (const onDamage of ['skip', 'throw'] as const) {
    await withTrace(
      STARTS,
      async (trace, _given, made) => {
        let records = 0;
        let errors = 0;
        const read = async (): Promise<void> => {
          for await (const batch of trace.records({ ahead: true, recycled: true, onDamage })) {
            assert.ok(batch.every(isWhole) && batch.every(isPooled));
            records += batch.length;
            giveBackFrom(batch, 0);
          }
        };
        for (let pass = 0; pass < 30; pass++) await read().catch(() => errors++);
        assert.ok(records > 30 * 3, `${records} records were whole`);
        assert.equal(errors, onDamage === 'skip' ? 0 : 30);
        assert.equal(trace.loss.blocksDamaged > 10, onDamage === 'skip');
        assert.ok(made.size < 24, `${made.size} pieces of memory were made`);
      },
      openDamaged,
    );
  }
});

test('where records are put into other batches no memory is taken that nobody would give back', async () => {
  const batchesOf: Record<string, (trace: Trace) => AsyncIterable<TraceRecord[]>> = {
    cut: (trace) =>
      createNumberedSource({ ...trace, index: undefined }, { from: { offsetNs: 4000 } }, 'throw', {
        recycled: true,
      }).open(),
    mapped: (trace) => mapTrace(trace, (record) => record).records({ ahead: true, recycled: true }),
    merged: (trace) => mergeTraces([trace]).records({ ahead: true, recycled: true }),
  };
  for (const [name, batches] of Object.entries(batchesOf)) {
    await withTrace(STARTS, async (trace, _given, made) => {
      const seen: TraceRecord[] = [];
      for await (const batch of batches(trace)) seen.push(...batch);
      assert.equal(seen.length, name === 'cut' ? STARTS.length / 2 : STARTS.length);
      assert.ok(seen.every(isWhole));
      assert.equal(made.size, 0, name);
    });
  }
});

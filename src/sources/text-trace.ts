import { EngramTraceError } from '../error.ts';
import { BATCH_RECORDS } from '../trace/block/merge-blocks.ts';
import { addLoss, emptyLoss, type Loss, type TraceHeader, type TraceRecord } from '../trace/record/record.ts';
import { NO_HINTS } from '../trace/stats/plan-hints.ts';
import type { ReadOptions, Trace } from '../trace/trace.ts';
import { createReorderWindow, REORDER_LIMITS, type ReorderLimits } from './reorder-window.ts';
import type { SourceInput } from './source.ts';

/** One reading of a text, from the front. */
export interface Reading {
  /** Whether damaged parts are left out and counted. */
  readonly skip: boolean;
  /** The losses that the text tells of are added to this. */
  readonly loss: Loss;
  readonly warnings: string[];
}

/** What is particular about a form of text; `createTextTrace` does the rest. */
export interface TextForm<Part> {
  readonly format: string;
  readonly header: TraceHeader;
  /** The parts of the input in their order. What comes before an error is delivered first. */
  parts(reading: Reading): AsyncIterable<Part> | Promise<AsyncIterable<Part>>;
  /** The record of a part; undefined where it has none. Throws `bad_record`. */
  recordOf(part: Part, reading: Reading): TraceRecord | undefined;
  /** Memory that a record takes in the window, more or less. */
  sizeOf(part: Part, record: TraceRecord): number;
  /** The rest of `12 records were too far out of order and were left out; …`, and the first word after the number. */
  readonly late: { readonly what: string; readonly hint: string };
  readonly limits?: ReorderLimits | undefined;
  close?(): Promise<void>;
}

/**
 * A trace of text that comes part by part, a little out of order at most. A pipe is read once; records that come too
 * late for the window are counted and told of; what is whole comes in front of an error.
 */
export function createTextTrace<Part>(input: SourceInput, form: TextForm<Part>): Trace {
  const { name, seekable } = input;
  const warnings: string[] = [];
  let loss = emptyLoss();
  let used = false;
  return {
    name,
    format: form.format,
    header: form.header,
    index: undefined,
    hints: NO_HINTS,
    seekable,
    warnings,
    records(options = {}) {
      if (used && !seekable) {
        throw new EngramTraceError('usage', 'a pipe can be read only once', { where: name });
      }
      used = true;
      loss = emptyLoss();
      warnings.length = 0;
      return readRecords(name, form, { skip: options.onDamage === 'skip', loss, warnings }, options);
    },
    get loss() {
      return addLoss(addLoss(emptyLoss(), form.header.loss), loss);
    },
    async close() {
      await form.close?.();
      await input.close();
    },
  };
}

async function* readRecords<Part>(
  name: string,
  form: TextForm<Part>,
  reading: Reading,
  { fromNs = Number.NEGATIVE_INFINITY, toNs = Number.POSITIVE_INFINITY }: ReadOptions,
): AsyncGenerator<TraceRecord[]> {
  const window = createReorderWindow(form.limits ?? REORDER_LIMITS);
  let failure: { error: unknown } | undefined;
  try {
    for await (const part of await form.parts(reading)) {
      const record = recordOf(part, form, reading);
      if (!record || record.startNs < fromNs || record.startNs >= toNs) continue;
      window.add(record, form.sizeOf(part, record));
      yield* inBatches(window.ready());
    }
  } catch (error) {
    failure = { error };
  }
  yield* inBatches(window.rest());
  tellLate(name, form, reading, window.late);
  if (failure) throw failure.error;
}

function recordOf<Part>(part: Part, form: TextForm<Part>, reading: Reading): TraceRecord | undefined {
  try {
    return form.recordOf(part, reading);
  } catch (error) {
    if (!reading.skip || !(error instanceof EngramTraceError)) throw error;
    reading.loss.recordsDamaged++;
    return undefined;
  }
}

function* inBatches(records: TraceRecord[]): Generator<TraceRecord[]> {
  for (let i = 0; i < records.length; i += BATCH_RECORDS) yield records.slice(i, i + BATCH_RECORDS);
}

function tellLate<Part>(name: string, { late }: TextForm<Part>, reading: Reading, count: number): void {
  if (count === 0) return;
  reading.loss.recordsLate += count;
  reading.warnings.push(
    `${name}: ${count} ${late.what} were too far out of order and were left out; ${late.hint}.`,
  );
}

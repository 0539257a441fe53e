import { isUtf8 } from 'node:buffer';
import { EngramTraceError } from '../../error.ts';
import { BATCH_RECORDS } from '../block/merge-blocks.ts';
import { reasonOf } from '../frames/damage.ts';
import {
  addLoss,
  emptyHeader,
  emptyLoss,
  type Loss,
  type TraceHeader,
  type TraceRecord,
} from '../record/record.ts';
import type { ReadOptions, Trace } from '../trace.ts';
import { countValues } from './count-values.ts';
import { headerFromJson, lossFromJson } from './header-json.ts';
import { type Line, readLines } from './read-lines.ts';
import { recordFromJson } from './record-json.ts';
import { createReorderWindow, type ReorderWindow } from './reorder-window.ts';

/** Shorter lines can't fill the memory, whatever they hold. */
const LONG_LINE_BYTES = 4 * 1024 * 1024;
/** The 65,536 messages of a stream are half a million. */
const MAX_VALUES = 2_000_000;

export interface NdjsonSource {
  name: string;
  format: 'ndjson' | 'ndjson.zst' | 'ndjson.gz';
  /** Starts reading from the front; a pipe can do so once. */
  open(): AsyncIterable<Uint8Array>;
  seekable: boolean;
  close(): Promise<void>;
}

/** Opens NDJSON: records line by line, a little out of order at most, with an optional header in the first line. */
export async function openTraceFromNdjson(source: NdjsonSource): Promise<Trace> {
  const state: NdjsonState = { name: source.name, loss: emptyLoss(), warnings: [] };
  let first: Reading | undefined = await beginReading(source);
  const { header } = first;
  const begin = async () => {
    const reading = first ?? (await beginReading(source));
    first = undefined;
    return reading;
  };
  let used = false;
  return {
    name: source.name,
    format: source.format,
    header,
    index: undefined,
    seekable: source.seekable,
    warnings: state.warnings,
    records(options = {}) {
      if (used && !source.seekable) {
        throw new EngramTraceError('usage', 'a pipe can be read only once', { where: source.name });
      }
      used = true;
      state.loss = emptyLoss();
      state.warnings.length = 0;
      return readRecords(begin, state, options);
    },
    get loss() {
      return addLoss(addLoss(emptyLoss(), header.loss), state.loss);
    },
    async close() {
      await first?.lines.return(undefined);
      await source.close();
    },
  };
}

interface NdjsonState {
  name: string;
  loss: Loss;
  warnings: string[];
}

/** A place behind the header. */
interface Reading {
  header: TraceHeader;
  lines: AsyncGenerator<Line>;
  /** The first line, where it is no header. */
  pending: Line | undefined;
}

async function beginReading(source: NdjsonSource): Promise<Reading> {
  const lines = readLines(source.open(), source.name);
  try {
    for (;;) {
      const { value: line, done } = await lines.next();
      const header = { ...emptyHeader(), sorted: false, source: 'ndjson' };
      if (done) return { header, lines, pending: undefined };
      if (isBlank(line.bytes)) continue;
      const value = parseQuietly(line);
      if (value?.['header'] === undefined)
        return { header, lines, pending: { ...line, bytes: Buffer.from(line.bytes) } };
      return {
        header: headerFromJson(value['header'], whereIs(source.name, line)),
        lines,
        pending: undefined,
      };
    }
  } catch (error) {
    await lines.return(undefined);
    throw error;
  }
}

async function* readRecords(
  begin: () => Promise<Reading>,
  state: NdjsonState,
  { fromNs = Number.NEGATIVE_INFINITY, toNs = Number.POSITIVE_INFINITY, onDamage }: ReadOptions,
): AsyncGenerator<TraceRecord[]> {
  const { lines, pending } = await begin();
  const window = createReorderWindow();
  const take = (line: Line) => {
    const record = readLine(line, state, onDamage === 'skip');
    if (record && record.startNs >= fromNs && record.startNs < toNs) window.add(record, line.bytes.length);
  };
  let failure: { error: unknown } | undefined;
  try {
    if (pending) take(pending);
    for await (const line of lines) {
      take(line);
      yield* inBatches(window.ready());
    }
  } catch (error) {
    failure = { error };
  } finally {
    await lines.return(undefined);
  }
  // The lines before the one that is broken come first, then the error.
  yield* inBatches(window.rest());
  if (failure) throw failure.error;
  reportLate(state, window);
}

function* inBatches(records: TraceRecord[]): Generator<TraceRecord[]> {
  for (let i = 0; i < records.length; i += BATCH_RECORDS) yield records.slice(i, i + BATCH_RECORDS);
}

/** The record of a line; undefined for a line without one. */
function readLine(line: Line, state: NdjsonState, skip: boolean): TraceRecord | undefined {
  if (isBlank(line.bytes)) return undefined;
  const where = whereIs(state.name, line);
  try {
    const value = parse(line, where);
    if (isObject(value) && value['loss'] !== undefined) {
      addLoss(state.loss, lossFromJson(value['loss'], where));
      return undefined;
    }
    if (isObject(value) && value['header'] !== undefined) throw secondHeader(where);
    return recordFromJson(value, where);
  } catch (error) {
    if (!skip || !(error instanceof EngramTraceError)) throw error;
    state.loss.recordsDamaged++;
    return undefined;
  }
}

function parse(line: Line, where: string): unknown {
  if (!isUtf8(line.bytes)) throw new EngramTraceError('bad_record', 'the line is not UTF-8', { where });
  if (line.bytes.length > LONG_LINE_BYTES && countValues(line.bytes) > MAX_VALUES) {
    throw new EngramTraceError('bad_record', `the line holds more than ${MAX_VALUES} values`, { where });
  }
  try {
    return JSON.parse(line.bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    const hint = line.isEnded ? undefined : 'It is the last line and has no end: the file may be cut off.';
    throw new EngramTraceError('bad_record', `the line is not JSON: ${reasonOf(error)}`, {
      where,
      hint,
      cause: error,
    });
  }
}

function parseQuietly(line: Line): Record<string, unknown> | undefined {
  try {
    const value = parse(line, '');
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // Reading the records says what is wrong with it.
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 32 || byte === 13 || byte === 9);
}

function whereIs(name: string, line: Line): string {
  return `${name}, line ${line.number}`;
}

function secondHeader(where: string): EngramTraceError {
  return new EngramTraceError('bad_record', 'a second header', {
    where,
    hint: 'Were files joined? Times count from the header of each, so use them one by one: cut the file in front of this line.',
  });
}

function reportLate(state: NdjsonState, { late }: ReorderWindow): void {
  if (late === 0) return;
  state.loss.recordsLate += late;
  state.warnings.push(
    `${state.name}: ${late} records were too far out of order and were left out; sort the lines by start_ns first.`,
  );
}

import { isUtf8 } from 'node:buffer';
import { EngramTraceError } from '../../error.ts';
import { reasonOf } from '../../trace/frames/damage.ts';
import { headerFromJson, lossFromJson } from '../../trace/ndjson/header-json.ts';
import { type Line, readLines } from '../../trace/ndjson/read-lines.ts';
import { recordFromJson } from '../../trace/ndjson/record-json.ts';
import {
  addLoss,
  emptyHeader,
  type Loss,
  type TraceHeader,
  type TraceRecord,
} from '../../trace/record/record.ts';
import type { Trace } from '../../trace/trace.ts';
import type { SourceInput } from '../source.ts';
import { createTextTrace } from '../text-trace.ts';
import { countValues } from './count-values.ts';

/** Shorter lines can't fill the memory, whatever they hold. */
const LONG_LINE_BYTES = 4 * 1024 * 1024;
/** The 65,536 messages of a stream are half a million. */
const MAX_VALUES = 2_000_000;

/** Opens NDJSON: records line by line, a little out of order at most, with an optional header in the first line. */
export async function openNdjson(input: SourceInput): Promise<Trace> {
  const { name, packing } = input;
  // The header is read on opening; the first reading goes on from there.
  let first: Beginning | undefined = await beginReading(input);
  return createTextTrace<Line>(input, {
    format: `ndjson${packing}`,
    header: first.header,
    async parts() {
      const beginning = first ?? (await beginReading(input));
      first = undefined;
      return linesOf(beginning);
    },
    recordOf: (line, { loss }) => recordOf(line, name, loss),
    sizeOf: (line) => line.bytes.length,
    late: { what: 'records', hint: 'sort the lines by start_ns first' },
    close: async () => void (await first?.lines.return(undefined)),
  });
}

/** A place in the text behind its header. */
interface Beginning {
  header: TraceHeader;
  lines: AsyncGenerator<Line>;
  /** The first line, where it is no header. */
  pending: Line | undefined;
}

/** An iterator by hand: another generator around it would cost each line a turn. */
function linesOf({ lines, pending }: Beginning): AsyncIterable<Line> {
  let first = pending;
  const next = (): Promise<IteratorResult<Line>> => {
    if (!first) return lines.next();
    const value = first;
    first = undefined;
    return Promise.resolve({ value });
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: () => lines.return(undefined) }) };
}

async function beginReading({ name, open }: SourceInput): Promise<Beginning> {
  const lines = readLines(open(), name);
  try {
    const { value: line, done } = await lines.next();
    // Who tells inputs apart sees the beginning; that nothing comes behind it shows here.
    if (done) throw new EngramTraceError('empty', 'the file holds only white space', { where: name });
    const header = { ...emptyHeader(), sorted: false, source: 'ndjson' };
    const value = parseQuietly(line);
    if (value?.['header'] === undefined)
      return { header, lines, pending: { ...line, bytes: Buffer.from(line.bytes) } };
    return {
      header: headerFromJson(value['header'], whereIs(name, line)),
      lines,
      pending: undefined,
    };
  } catch (error) {
    await lines.return(undefined);
    throw error;
  }
}

/** The record of a line; undefined for one that tells losses. */
function recordOf(line: Line, name: string, loss: Loss): TraceRecord | undefined {
  const where = whereIs(name, line);
  const value = parse(line, where);
  if (isObject(value) && value['loss'] !== undefined) {
    addLoss(loss, lossFromJson(value['loss'], where));
    return undefined;
  }
  if (isObject(value) && value['header'] !== undefined) throw secondHeader(where);
  return recordFromJson(value, where);
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

function whereIs(name: string, line: Line): string {
  return `${name}, line ${line.number}`;
}

function secondHeader(where: string): EngramTraceError {
  return new EngramTraceError('bad_record', 'a second header', {
    where,
    hint: 'Were files joined? Times count from the header of each, so use them one by one: cut the file in front of this line.',
  });
}

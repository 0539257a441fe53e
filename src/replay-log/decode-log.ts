import { MalformedError, WireReader } from '../trace/bytes/wire-reader.ts';
import { afterDue, type ColumnValues } from './column-forms.ts';
import { decodeEndless, decodeStreams } from './decode-log-stream.ts';
import { BLOCK_ENTRIES, type LogBlock, type LogEndless, type LogStream } from './log-block.ts';
import { COLUMNS_BY_FIELD, type LogColumn, type LogColumns } from './log-columns.ts';
import type { LogEnd, LogHeader } from './replay-log.ts';
import { readSigned } from './zigzag.ts';

/** What one Frame message holds, and what it says of the one before. */
export type LogFrame = { previous: Uint8Array } & (
  | { kind: 'header'; header: LogHeader }
  | { kind: 'block'; number: number; block: LogBlock }
  | { kind: 'end'; end: LogEnd & { blocks: number; entries: number } }
);

/**
 * Decodes one Frame message; throws `MalformedError` for anything a writer of ours does not make. `isTrusted`: it was
 * decoded once before, and columns need no more checks.
 */
export function decodeFrame(message: Uint8Array, isTrusted = false): LogFrame {
  const reader = new WireReader(message);
  let previous: Uint8Array = new Uint8Array(0);
  let content: { field: number; view: Uint8Array } | undefined;
  while (reader.pos < reader.end) {
    const tag = reader.varint();
    if (tag === 34) previous = reader.view();
    else if ((tag & 7) === 2 && tag >> 3 <= 3) content = { field: tag >> 3, view: reader.view() };
    else reader.skip(tag);
  }
  if (previous.length !== 32) throw new MalformedError('it does not name the frame before it');
  const view = content?.view ?? new Uint8Array(0);
  if (content?.field === 1) return { previous, kind: 'header', header: decodeHeader(new WireReader(view)) };
  if (content?.field === 2)
    return { previous, kind: 'block', ...decodeBlock(new WireReader(view), isTrusted) };
  if (content?.field === 3) return { previous, kind: 'end', end: decodeEnd(new WireReader(view)) };
  throw new MalformedError('it holds neither header, nor block, nor end');
}

function decodeHeader(reader: WireReader): LogHeader {
  const header = { formatVersion: 0, tool: '', started: '', traceName: '', optionsJson: '{}' };
  while (reader.pos < reader.end) {
    const tag = reader.varint();
    if (tag === 8) header.formatVersion = reader.varint();
    else if (tag === 18) header.tool = reader.text();
    else if (tag === 26) header.started = reader.text();
    else if (tag === 34) header.traceName = reader.text();
    else if (tag === 42) header.optionsJson = reader.text();
    else reader.skip(tag);
  }
  return header;
}

function decodeEnd(reader: WireReader): LogEnd & { blocks: number; entries: number } {
  const end = { blocks: 0, entries: 0, entriesLost: 0, factsJson: '{}' };
  let anchorNs: number | undefined;
  while (reader.pos < reader.end) {
    const tag = reader.varint();
    if (tag === 8) end.blocks = reader.varint();
    else if (tag === 16) end.entries = reader.varint();
    else if (tag === 24) end.entriesLost = reader.varint();
    else if (tag === 32) anchorNs = readSigned(reader);
    else if (tag === 42) end.factsJson = reader.text();
    else reader.skip(tag);
  }
  return { ...end, anchorNs };
}

interface BlockFields {
  number: number;
  sender: number;
  count: number;
  /** What the first value of a column counts from, by the field that holds it. */
  origins: Map<number, number>;
  strings: string[];
  packed: Map<number, Uint8Array>;
  streams: Uint8Array[];
  endless: Uint8Array[];
}

function decodeBlock(reader: WireReader, isTrusted: boolean): { number: number; block: LogBlock } {
  const fields = readFields(reader);
  const { count, sender, strings, number } = fields;
  if (count < 1 || count > BLOCK_ENTRIES) throw new MalformedError(`a block of ${count} entries`);
  const block = withStreams({ sender, count, strings, columns: lazyColumns(fields) }, fields);
  if (isTrusted) return { number, block };
  // Touching a column decodes it, and throws where it is not what it has to be.
  for (const [name] of COLUMNS_BY_FIELD) void block.columns[name];
  void block.streams;
  void block.endless;
  checkNames(block);
  return { number, block };
}

/** Streams and endless answers, like columns, are decoded when somebody looks at them. */
function withStreams(block: Omit<LogBlock, 'streams' | 'endless'>, fields: BlockFields): LogBlock {
  let streams: readonly LogStream[] | undefined;
  let endless: readonly LogEndless[] | undefined;
  return {
    ...block,
    get streams() {
      streams ??= decodeStreams(fields.streams, block.columns.dueNs);
      return streams;
    },
    get endless() {
      endless ??= decodeEndless(fields.endless, block.columns.dueNs);
      return endless;
    },
  };
}

function readFields(reader: WireReader): BlockFields {
  const fields: BlockFields = {
    number: 0,
    sender: 0,
    count: 0,
    origins: new Map(),
    strings: [],
    packed: new Map(),
    streams: [],
    endless: [],
  };
  while (reader.pos < reader.end) {
    const tag = reader.varint();
    if (tag === 8) fields.number = reader.varint();
    else if (tag === 16) fields.sender = reader.varint();
    else if (tag === 24) fields.count = reader.varint();
    else if (tag === 32 || tag === 40) fields.origins.set(tag >> 3, readSigned(reader));
    else if (tag === 50) fields.strings.push(reader.text());
    else if (tag === STREAM_TAG) fields.streams.push(reader.view());
    else if (tag === ENDLESS_TAG) fields.endless.push(reader.view());
    else if ((tag & 7) === 2) fields.packed.set(tag >> 3, reader.view());
    else reader.skip(tag);
  }
  return fields;
}

const STREAM_TAG = 274;
const ENDLESS_TAG = 282;

/** Makes columns that are decoded when somebody looks at them: a second walk through a log needs a few of them only. */
function lazyColumns(fields: BlockFields): LogColumns {
  const columns = {} as LogColumns;
  for (const [name, column] of COLUMNS_BY_FIELD) {
    Object.defineProperty(columns, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        const value = decodeColumn(column, fields, columns);
        Object.defineProperty(columns, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return columns;
}

/** Reads as many values as the block has entries. */
function decodeColumn(
  column: LogColumn<ColumnValues>,
  fields: BlockFields,
  columns: LogColumns,
): ColumnValues {
  const { field, form, Values, originField = 0, since } = column;
  const into = new Values(fields.count);
  const packed = fields.packed.get(field);
  if (packed === undefined && since !== undefined) return into;
  const reader = new WireReader(packed ?? new Uint8Array(0));
  const dueNs = form === afterDue ? columns.dueNs : into;
  form.read(reader, into, fields.origins.get(originField) ?? 0, dueNs);
  if (reader.pos < reader.end) throw new MalformedError('a column with more values than entries');
  return into;
}

function namesKnown(
  names: NonNullable<LogColumn<ColumnValues>['names']>,
  strings: readonly string[],
): number {
  if (names === 'strings') return strings.length;
  return names === 'strings_from_1' ? strings.length + 1 : names.length;
}

/** Throws `MalformedError` where an entry refers to a name that the block does not have. */
function checkNames({ columns, count, strings }: LogBlock): void {
  for (const [column, { names }] of COLUMNS_BY_FIELD) {
    if (names === undefined) continue;
    const known = namesKnown(names, strings);
    const i = columns[column].subarray(0, count).findIndex((value) => value >= known);
    if (i >= 0) throw new MalformedError(`entry ${i} refers to a name that is not there`);
  }
}

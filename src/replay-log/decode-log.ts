import { MalformedError, WireReader } from '../trace/wire-reader.ts';
import { allocateColumns, BLOCK_ENTRIES, columnsIn, type LogBlock } from './log-block.ts';
import { DISPOSITIONS, FAILURES, PROTOCOLS } from './names.ts';
import type { LogEnd, LogHeader } from './replay-log.ts';

/** What one Frame message holds, and what it says of the one before. */
export type LogFrame = { previous: Uint8Array } & (
  | { kind: 'header'; header: LogHeader }
  | { kind: 'block'; number: number; block: LogBlock }
  | { kind: 'end'; end: LogEnd & { blocks: number; entries: number } }
);

/** Decodes one Frame message; throws `MalformedError` for anything a writer of ours does not make. */
export function decodeFrame(message: Uint8Array): LogFrame {
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
  if (content?.field === 2) return { previous, kind: 'block', ...decodeBlock(new WireReader(view)) };
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
    else if (tag === 32) anchorNs = unzigzag(reader.varint());
    else if (tag === 42) end.factsJson = reader.text();
    else reader.skip(tag);
  }
  return { ...end, anchorNs };
}

interface BlockFields {
  number: number;
  sender: number;
  count: number;
  originNs: number;
  recordedOriginNs: number;
  strings: string[];
  packed: Map<number, Uint8Array>;
}

function decodeBlock(reader: WireReader): { number: number; block: LogBlock } {
  const fields = readFields(reader);
  const { count, sender, strings, number } = fields;
  if (count < 1 || count > BLOCK_ENTRIES) throw new MalformedError(`a block of ${count} entries`);
  const block: LogBlock = { sender, count, strings, columns: columnsIn(allocateColumns()) };
  fillColumns(block, fields);
  checkNames(block);
  return { number, block };
}

function readFields(reader: WireReader): BlockFields {
  const fields: BlockFields = {
    number: 0,
    sender: 0,
    count: 0,
    originNs: 0,
    recordedOriginNs: 0,
    strings: [],
    packed: new Map(),
  };
  while (reader.pos < reader.end) {
    const tag = reader.varint();
    if (tag === 8) fields.number = reader.varint();
    else if (tag === 16) fields.sender = reader.varint();
    else if (tag === 24) fields.count = reader.varint();
    else if (tag === 32) fields.originNs = unzigzag(reader.varint());
    else if (tag === 40) fields.recordedOriginNs = unzigzag(reader.varint());
    else if (tag === 50) fields.strings.push(reader.text());
    else if ((tag & 7) === 2) fields.packed.set(tag >> 3, reader.view());
    else reader.skip(tag);
  }
  return fields;
}

type Column = Float64Array | Int32Array | Uint8Array;

function fillColumns(block: LogBlock, { packed, originNs, recordedOriginNs }: BlockFields): void {
  const { columns, count } = block;
  const each = (field: number, column: Column, value: (raw: number, i: number) => number): void => {
    const reader = new WireReader(packed.get(field) ?? new Uint8Array(0));
    for (let i = 0; i < count; i += 1) column[i] = value(reader.varint(), i);
    if (reader.pos < reader.end) throw new MalformedError('a column with more values than entries');
  };
  const plain = (field: number, column: Column, plus = 0): void => each(field, column, (raw) => raw - plus);
  const deltas = (field: number, column: Column, origin: number): void => {
    let last = origin;
    each(field, column, (raw) => {
      last += unzigzag(raw);
      return last;
    });
  };
  const afterDue = (field: number, column: Column): void =>
    each(field, column, (raw, i) =>
      raw === 0 ? Number.NaN : (columns.dueNs[i] as number) + unzigzag(raw - 1),
    );
  deltas(10, columns.number, 0);
  deltas(11, columns.record, 0);
  plain(12, columns.session);
  plain(13, columns.op);
  plain(14, columns.protocol);
  deltas(15, columns.dueNs, originNs);
  afterDue(16, columns.readyNs);
  afterDue(17, columns.releasedNs);
  afterDue(18, columns.sentNs);
  afterDue(19, columns.firstAnswerNs);
  afterDue(20, columns.doneNs);
  let place = 0;
  each(21, columns.sendOrder, (raw) => {
    if (raw === 0) return Number.NaN;
    place += unzigzag(raw - 1);
    return place;
  });
  plain(22, columns.inFlight);
  plain(23, columns.disposition);
  plain(24, columns.failure);
  plain(25, columns.status, 1);
  plain(26, columns.responseBytes);
  deltas(27, columns.recordedStartNs, recordedOriginNs);
  each(28, columns.recordedDurationNs, (raw) => (raw === 0 ? Number.NaN : raw - 1));
  plain(29, columns.recordedStatus, 1);
  plain(30, columns.readingNs);
  plain(31, columns.fullNs);
  plain(32, columns.pacedNs);
  plain(33, columns.stalledNs);
}

/** What points somewhere has to point at something. */
function checkNames({ columns, count, strings }: LogBlock): void {
  for (let i = 0; i < count; i += 1) {
    const known =
      (columns.session[i] as number) < strings.length &&
      (columns.op[i] as number) < strings.length &&
      (columns.protocol[i] as number) < PROTOCOLS.length &&
      (columns.disposition[i] as number) < DISPOSITIONS.length &&
      (columns.failure[i] as number) < FAILURES.length;
    if (!known) throw new MalformedError(`entry ${i} refers to a name that is not there`);
  }
}

function unzigzag(raw: number): number {
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}

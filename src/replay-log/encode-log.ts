import { type ByteWriter, createByteWriter } from '../trace/bytes/byte-writer.ts';
import { encodeEndless, encodeStream } from './encode-log-stream.ts';
import type { LogBlock } from './log-block.ts';
import type { LogEnd, LogHeader } from './replay-log.ts';
import { writeSigned } from './zigzag.ts';

// Field numbers of proto/engram/replaylog/v1/replay_log.proto. Written by hand: a generated encoder would make an
// array of bigints out of every column.
const varintField = (field: number): number => field << 3;
const bytesField = (field: number): number => (field << 3) | 2;

/** One Frame message that holds a header. */
export function encodeHeaderFrame(header: LogHeader, previous: Uint8Array): Uint8Array {
  return frame(1, previous, (out) => {
    number(out, 1, header.formatVersion);
    text(out, 2, header.tool);
    text(out, 3, header.started);
    text(out, 4, header.traceName);
    text(out, 5, header.optionsJson);
  });
}

/** One Frame message that holds the end. */
export function encodeEndFrame(
  end: LogEnd & { blocks: number; entries: number },
  previous: Uint8Array,
): Uint8Array {
  return frame(3, previous, (out) => {
    number(out, 1, end.blocks);
    number(out, 2, end.entries);
    number(out, 3, end.entriesLost);
    if (end.anchorNs !== undefined) {
      out.varint(varintField(4));
      writeSigned(out, end.anchorNs);
    }
    text(out, 5, end.factsJson);
  });
}

/** One Frame message that holds a block with at least one entry. */
export function encodeBlockFrame(block: LogBlock, blockNumber: number, previous: Uint8Array): Uint8Array {
  const { columns, count } = block;
  const originNs = columns.dueNs[0] ?? 0;
  const recordedOriginNs = columns.recordedStartNs[0] ?? 0;
  return frame(2, previous, (out) => {
    number(out, 1, blockNumber);
    number(out, 2, block.sender);
    number(out, 3, count);
    signed(out, 4, originNs);
    signed(out, 5, recordedOriginNs);
    for (const each of block.strings) {
      out.varint(bytesField(6));
      out.text(each);
    }
    deltas(out, 10, columns.number, count, 0);
    deltas(out, 11, columns.record, count, 0);
    plain(out, 12, columns.session, count);
    plain(out, 13, columns.op, count);
    plain(out, 14, columns.protocol, count);
    deltas(out, 15, columns.dueNs, count, originNs);
    afterDue(out, 16, columns.readyNs, columns.dueNs, count);
    afterDue(out, 17, columns.releasedNs, columns.dueNs, count);
    afterDue(out, 18, columns.sentNs, columns.dueNs, count);
    afterDue(out, 19, columns.firstAnswerNs, columns.dueNs, count);
    afterDue(out, 20, columns.doneNs, columns.dueNs, count);
    places(out, 21, columns.sendOrder, count);
    plain(out, 22, columns.inFlight, count);
    plain(out, 23, columns.disposition, count);
    plain(out, 24, columns.failure, count);
    plain(out, 25, columns.status, count, 1);
    plain(out, 26, columns.responseBytes, count);
    deltas(out, 27, columns.recordedStartNs, count, recordedOriginNs);
    optional(out, 28, columns.recordedDurationNs, count);
    plain(out, 29, columns.recordedStatus, count, 1);
    plain(out, 30, columns.readingNs, count);
    plain(out, 31, columns.fullNs, count);
    plain(out, 32, columns.pacedNs, count);
    plain(out, 33, columns.stalledNs, count);
    for (const stream of block.streams) {
      nested(out, 34, () => encodeStream(out, stream, columns.dueNs[stream.entry] ?? 0));
    }
    for (const endless of block.endless) {
      nested(out, 35, () => encodeEndless(out, endless, columns.dueNs[endless.entry] ?? 0));
    }
  });
}

function frame(content: number, previous: Uint8Array, fill: (out: ByteWriter) => void): Uint8Array {
  const out = createByteWriter(1 << 16);
  nested(out, content, () => fill(out));
  out.varint(bytesField(4));
  out.bytes(previous);
  return out.view(0, out.sizeBytes);
}

function nested(out: ByteWriter, field: number, fill: () => void): void {
  out.varint(bytesField(field));
  const mark = out.beginNested();
  fill();
  out.endNested(mark);
}

function number(out: ByteWriter, field: number, value: number): void {
  if (value === 0) return;
  out.varint(varintField(field));
  out.varint(value);
}

function signed(out: ByteWriter, field: number, value: number): void {
  if (value === 0) return;
  out.varint(varintField(field));
  writeSigned(out, value);
}

function text(out: ByteWriter, field: number, value: string): void {
  out.varint(bytesField(field));
  out.text(value);
}

type Column = ArrayLike<number>;

function plain(out: ByteWriter, field: number, column: Column, count: number, plus = 0): void {
  nested(out, field, () => {
    for (let i = 0; i < count; i += 1) out.varint((column[i] as number) + plus);
  });
}

function optional(out: ByteWriter, field: number, column: Column, count: number): void {
  nested(out, field, () => {
    for (let i = 0; i < count; i += 1) {
      const value = column[i] as number;
      out.varint(Number.isNaN(value) ? 0 : 1 + value);
    }
  });
}

function deltas(out: ByteWriter, field: number, column: Column, count: number, origin: number): void {
  nested(out, field, () => {
    let last = origin;
    for (let i = 0; i < count; i += 1) {
      const value = column[i] as number;
      writeSigned(out, value - last);
      last = value;
    }
  });
}

function afterDue(out: ByteWriter, field: number, column: Column, due: Column, count: number): void {
  nested(out, field, () => {
    for (let i = 0; i < count; i += 1) {
      const value = column[i] as number;
      if (Number.isNaN(value)) out.varint(0);
      else writeSigned(out, value - (due[i] as number), 1);
    }
  });
}

function places(out: ByteWriter, field: number, column: Column, count: number): void {
  nested(out, field, () => {
    let last = 0;
    for (let i = 0; i < count; i += 1) {
      const value = column[i] as number;
      if (Number.isNaN(value)) out.varint(0);
      else {
        writeSigned(out, value - last, 1);
        last = value;
      }
    }
  });
}

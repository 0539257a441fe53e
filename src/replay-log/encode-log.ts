import { type ByteWriter, createByteWriter } from '../trace/bytes/byte-writer.ts';
import { encodeEndless, encodeStream } from './encode-log-stream.ts';
import type { LogBlock } from './log-block.ts';
import { COLUMNS_BY_FIELD } from './log-columns.ts';
import type { LogEnd, LogHeader } from './replay-log.ts';
import { writeSigned } from './zigzag.ts';

// Field numbers of proto/engram/replaylog/v1/replay_log.proto. Written by hand: a generated encoder would make an
// array of bigints out of every column.
const varintField = (field: number): number => field << 3;
const bytesField = (field: number): number => (field << 3) | 2;

/** Encodes a Frame message that holds a header. */
export function encodeHeaderFrame(header: LogHeader, previous: Uint8Array): Uint8Array {
  return frame(1, previous, (out) => {
    number(out, 1, header.formatVersion);
    text(out, 2, header.tool);
    text(out, 3, header.started);
    text(out, 4, header.traceName);
    text(out, 5, header.optionsJson);
  });
}

/** Encodes a Frame message that holds the end. */
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

/** Encodes a Frame message that holds a block; the block has at least one entry. */
export function encodeBlockFrame(block: LogBlock, blockNumber: number, previous: Uint8Array): Uint8Array {
  const { columns, count } = block;
  return frame(2, previous, (out) => {
    number(out, 1, blockNumber);
    number(out, 2, block.sender);
    number(out, 3, count);
    for (const each of block.strings) {
      out.varint(bytesField(6));
      out.text(each);
    }
    for (const [name, { field, form, originField }] of COLUMNS_BY_FIELD) {
      const originNs = originField === undefined ? 0 : (columns[name][0] ?? 0);
      if (originField !== undefined) signed(out, originField, originNs);
      nested(out, field, () => form.write(out, columns[name], count, originNs, columns.dueNs));
    }
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

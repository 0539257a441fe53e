import { EngramTraceError } from '../../error.ts';
import type { EncodedBlock } from '../block/block-builder.ts';
import { encodeHeader } from '../block/header-encoder.ts';
import { createByteWriter } from '../bytes/byte-writer.ts';
import { encodeIndexFrame } from '../frames/index-frame.ts';
import { encodeSeekTable, type SeekEntry } from '../frames/seek-table.ts';
import { compressFrame, DEFAULT_LEVEL } from '../frames/zstd.ts';
import { frameSpan, readU32 } from '../frames/zstd-frame.ts';
import { encodeIndex } from '../index/index-encoder.ts';
import type { TraceHeader } from '../record/record.ts';
import { createOpNumbers } from '../stats/op-numbers.ts';
import { computeTotals } from '../stats/totals.ts';
import type { BlockEntry } from '../stats/trace-index.ts';
import type { ByteSink } from '../trace.ts';

/** The file a copied block comes from. */
export interface BlockSource {
  epochUnixNs: bigint;
  /** Names of its op counts: `index.totals.ops`. */
  ops: readonly string[];
}

/** Writes a trace file frame by frame. Calls must not overlap: each waits for the one before. */
export interface FrameWriter {
  readonly bytesWritten: number;
  readonly blocks: number;
  readonly records: number;
  /** Writes the header now, without waiting for the first block. */
  begin(): Promise<void>;
  /** Compresses and writes a block. When the sink fails, the block is not in the file and the next one may be written. */
  append(block: EncodedBlock): Promise<void>;
  /** Writes a compressed block of another file as it is. */
  copy(frame: Uint8Array, entry: BlockEntry, source: BlockSource): Promise<void>;
  /** Writes index and seek table and closes the sink. `closedNs` in ns from the header's epoch. */
  finish(closedNs: number): Promise<void>;
}

/** Begins a trace file; `begin` (or whatever is called first) writes the header. */
export function createFrameWriter(
  sink: ByteSink,
  header: TraceHeader,
  options: { level?: number | undefined } = {},
): FrameWriter {
  const level = options.level ?? DEFAULT_LEVEL;
  const entries: BlockEntry[] = [];
  const seekEntries: SeekEntry[] = [];
  const ops = createOpNumbers();
  let bytesWritten = 0;
  let records = 0;
  let started = false;
  let lastFirstStartNs = Number.NEGATIVE_INFINITY;

  const writeFrame = async (frame: Uint8Array, rawBytes: number, checksum: number) => {
    await sink.write(frame);
    bytesWritten += frame.length;
    seekEntries.push({ compressedBytes: frame.length, rawBytes, checksum });
  };
  const start = async () => {
    if (started) return;
    const message = encodeHeader(header);
    const out = createByteWriter(message.length + 8);
    out.bytes(message);
    const frame = compressFrame(out.view(0, out.sizeBytes), level);
    await writeFrame(frame, out.sizeBytes, trailingChecksum(frame));
    started = true;
  };
  const writeBlock = async (frame: Uint8Array, entry: BlockEntry) => {
    checkOrder(entry);
    await start();
    entry.offset = bytesWritten;
    await writeFrame(frame, entry.rawBytes, trailingChecksum(frame));
    entries.push(entry); // only now: a block the sink refused is not in the file, and the next may be
    records += entry.records;
  };
  const checkOrder = (entry: BlockEntry) => {
    if (!header.sorted || entry.records === 0) return;
    if (entry.firstStartNs < lastFirstStartNs) throw outOfOrder(entry.firstStartNs, lastFirstStartNs);
    lastFirstStartNs = entry.firstStartNs;
  };
  return {
    get bytesWritten() {
      return bytesWritten;
    },
    get blocks() {
      return entries.length;
    },
    get records() {
      return records;
    },
    begin: start,
    append: (block) => {
      const shiftNs = shiftBetween(block.epochUnixNs, header.epochUnixNs);
      const frame = compressFrame(block.raw, level);
      return writeBlock(frame, {
        offset: 0,
        compressedBytes: frame.length,
        rawBytes: block.raw.length,
        records: block.records,
        firstStartNs: block.firstStartNs + shiftNs,
        lastStartNs: block.lastStartNs + shiftNs,
        loss: block.loss,
        opCounts: ops.countsOf(block.opCounts),
        stats: block.stats,
      });
    },
    copy: async (frame, entry, source) => {
      checkFrame(frame, entry);
      const shiftNs = shiftBetween(source.epochUnixNs, header.epochUnixNs);
      await writeBlock(frame, {
        ...entry,
        firstStartNs: entry.firstStartNs + shiftNs,
        lastStartNs: entry.lastStartNs + shiftNs,
        opCounts: ops.countsOf(entry.opCounts.map((count, i) => [source.ops[i] ?? '', count] as const)),
      });
    },
    finish: async (closedNs) => {
      await start();
      entries.sort((a, b) => a.firstStartNs - b.firstStartNs || a.offset - b.offset);
      const totals = computeTotals(entries, ops.names, header.epochUnixNs);
      const frame = encodeIndexFrame(encodeIndex({ totals, blocks: entries, closedNs }));
      await writeFrame(frame, 0, 0);
      const table = encodeSeekTable(seekEntries);
      await sink.write(table);
      bytesWritten += table.length;
      await sink.close();
    },
  };
}

/** The last four bytes of a frame with a checksum are what the seek table wants. */
function trailingChecksum(frame: Uint8Array): number {
  return readU32(frame, frame.length - 4);
}

function checkFrame(frame: Uint8Array, entry: BlockEntry): void {
  const span = frameSpan(frame);
  const whole = span.kind === 'data' && span.sizeBytes === frame.length && span.hasChecksum;
  if (whole && span.contentBytes === entry.rawBytes && entry.compressedBytes === frame.length) return;
  throw new EngramTraceError(
    'corrupt',
    `the frame at byte ${entry.offset} is not the one the index describes`,
    {
      hint: 'Run `engram-trace repair` on the file it comes from.',
    },
  );
}

function shiftBetween(fromUnixNs: bigint, toUnixNs: bigint): number {
  const shift = Number(fromUnixNs - toUnixNs);
  if (Number.isSafeInteger(shift)) return shift;
  throw new EngramTraceError('bad_record', 'the epochs of block and file are more than 104 days apart');
}

function outOfOrder(startNs: number, previousNs: number): EngramTraceError {
  return new EngramTraceError(
    'bad_record',
    `a record that starts at ${startNs} ns comes after a block that starts at ${previousNs} ns, in a sorted trace`,
    {
      hint: 'Write the records in the order of their starts, or say in the header that they are not sorted.',
    },
  );
}

import type { FileHandle } from 'node:fs/promises';
import { EngramTraceError } from '../../error.ts';
import { createByteQueue } from '../bytes/byte-queue.ts';
import { fileChunks, openRegularFile, readBytes } from '../file/random-file.ts';
import type { DamagedRange } from '../frames/damage.ts';
import { loadIndex } from '../index/load-index.ts';
import { readHeaderFrame } from '../read/read-header.ts';
import { type ScanResult, scanTrace } from '../read/scan-trace.ts';
import { findHeaderFrame } from '../read/trace-file.ts';
import { addLoss, emptyHeader, emptyLoss, type Loss, type TraceHeader } from '../record/record.ts';
import type { ByteSink } from '../trace.ts';
import { createFrameWriter } from './frame-writer.ts';

/** What `repairTrace` found and wrote. */
export interface RepairReport {
  /** Whole blocks, all copied, and their records. */
  blocks: number;
  records: number;
  blocksDamaged: number;
  bytesDamaged: number;
  /** Records of the damaged blocks, where an index still tells. */
  recordsDamaged: number;
  /** Bytes of a last block that is not whole. */
  bytesCutOff: number;
  /** Bytes behind the end that are no part of the trace. */
  bytesIgnored: number;
  headerLost: boolean;
  /** The file had an index that can be used. */
  hadIndex: boolean;
  /** Whether there was nothing to repair. */
  wasWhole: boolean;
}

/**
 * Copies every whole block of a damaged or cut-off trace file as it is, in the order of their first starts,
 * with a new index. What is lost is added to the header's losses and told in its notes. `sink` is closed.
 */
export async function repairTrace(inputPath: string, sink: ByteSink): Promise<RepairReport> {
  const file = await openRegularFile(inputPath);
  try {
    const found = await examine(file, inputPath);
    const { report, scan } = found;
    const writer = createFrameWriter(sink, repairedHeader(found));
    const source = { epochUnixNs: scan.epochUnixNs, ops: scan.index.totals.ops };
    for (const entry of scan.index.blocks) {
      await writer.copy(await readBytes(file, entry.offset, entry.compressedBytes), entry, source);
    }
    await writer.finish(scan.index.closedNs);
    return report;
  } finally {
    await file.close();
  }
}

interface Examined {
  header: TraceHeader | undefined;
  scan: ScanResult;
  report: RepairReport;
}

async function examine(file: FileHandle, name: string): Promise<Examined> {
  const sizeBytes = (await file.stat()).size;
  const readAt = (offset: number, length: number) =>
    readBytes(file, offset, Math.min(length, sizeBytes - offset));
  const { header, headerBytes } = await readHeaderIfWhole(readAt, name);
  const queue = createByteQueue(fileChunks(file, sizeBytes));
  await queue.discard(headerBytes);
  const scan = await scanTrace(queue, header?.epochUnixNs);
  const damaged = header ? scan.damaged : scan.damaged.filter(({ offset }) => offset > 0);
  if (!header && scan.index.blocks.length === 0) {
    throw new EngramTraceError('corrupt', 'nothing in it is whole', { where: name });
  }
  const loaded = await loadIndex(readAt, sizeBytes, headerBytes);
  const index = 'index' in loaded ? loaded.index : undefined;
  const lost = new Set(damaged.map(({ offset }) => offset));
  const lostEntries = index?.blocks.filter((entry) => lost.has(entry.offset)) ?? [];
  const report: RepairReport = {
    blocks: scan.index.blocks.length,
    records: scan.index.totals.records,
    blocksDamaged: damaged.length,
    bytesDamaged: damaged.reduce((sum: number, range: DamagedRange) => sum + range.sizeBytes, 0),
    recordsDamaged: lostEntries.reduce((sum, entry) => sum + entry.records, 0),
    bytesCutOff: scan.cutBytes,
    bytesIgnored: scan.trailingBytes,
    headerLost: header === undefined,
    hadIndex: index !== undefined,
    wasWhole: index !== undefined && damaged.length === 0,
  };
  return { header, scan, report };
}

async function readHeaderIfWhole(
  readAt: (offset: number, length: number) => Promise<Uint8Array>,
  name: string,
) {
  try {
    const frame = await findHeaderFrame(readAt, name);
    return { header: readHeaderFrame(frame, name), headerBytes: frame.length };
  } catch (error) {
    // Only damage: what is another kind of file, or a newer one, is not repaired.
    if (error instanceof EngramTraceError && error.code === 'corrupt')
      return { header: undefined, headerBytes: 0 };
    throw error;
  }
}

function repairedHeader({ header, scan, report }: Examined): TraceHeader {
  const old = header ?? { ...emptyHeader(), epochUnixNs: scan.epochUnixNs, source: 'repair' };
  return {
    ...old,
    sorted: true,
    notes: [...old.notes, ...repairNotes(report, scan)],
    loss: addLoss(addLoss(emptyLoss(), old.loss), damageOf(report)),
  };
}

function damageOf({ blocksDamaged, recordsDamaged }: RepairReport): Loss {
  return { ...emptyLoss(), blocksDamaged, recordsDamaged };
}

function repairNotes(report: RepairReport, { hadIndex }: ScanResult): string[] {
  const notes: string[] = [];
  if (!hadIndex) {
    notes.push(
      'Repaired: it was not closed: what came after its last whole block is missing (capture was killed or still running, or the file was cut off).',
    );
  }
  if (report.headerLost) {
    notes.push('Repaired: the header was lost, and with it what is said about redaction, origin and window.');
  }
  if (report.blocksDamaged > 0) {
    notes.push(
      `Repaired: ${report.blocksDamaged} damaged blocks (${report.bytesDamaged} bytes) were left out.`,
    );
  }
  if (report.bytesCutOff > 0)
    notes.push(`Repaired: the last ${report.bytesCutOff} bytes were an unfinished block.`);
  return notes;
}

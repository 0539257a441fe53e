import type { FileHandle } from 'node:fs/promises';
import { createByteQueue } from '../bytes/byte-queue.ts';
import { fileChunks } from '../file/random-file.ts';
import type { TraceHeader } from '../record/record.ts';
import { scanTrace } from './scan-trace.ts';

export interface Layout {
  name: string;
  sizeBytes: number;
  headerBytes: number;
  header: TraceHeader;
}

/** Reads all blocks of a file whose index can't be used; `problem` says why. */
export async function scanInstead(file: FileHandle, layout: Layout, problem: string) {
  const { name, sizeBytes, headerBytes, header } = layout;
  const queue = createByteQueue(fileChunks(file, sizeBytes));
  await queue.discard(headerBytes);
  const scan = await scanTrace(queue, header.epochUnixNs);
  const warnings = [
    `${name} ${problem}; all of it was read instead. \`engram-trace repair\` writes a new index.`,
  ];
  if (scan.cutBytes > 0) {
    warnings.push(`${name} is cut off: its last ${scan.cutBytes} bytes belong to a block that is not whole.`);
  }
  if (scan.trailingBytes > 0) warnings.push(`${name}: the last ${scan.trailingBytes} bytes are not read.`);
  const { index, damaged, cutBytes } = scan;
  return { index, damaged, cutBytes, indexSource: 'scan' as const, isClosed: scan.hadIndex, warnings };
}

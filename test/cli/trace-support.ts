import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { planExport, writeExport } from '../../src/sources/export/export-op-log.ts';
import { openOpLog } from '../../src/sources/op-log/op-log.ts';
import { createFileSink } from '../../src/trace/file/file-sink.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { makeRecord, writeOpLog } from '../sources/make-op-log.ts';
import { newFolder, withFolder } from '../support/folders.ts';

const OPS = ['recall', 'remember', 'search'];

function mixed(number: number): TraceRecord {
  const record = makeRecord(number * 3_000_000, {
    op: OPS[number % 3] ?? '',
    session: `a-h${number % 20}`,
    durationNs: 1_000_000 * (1 + (number % 50)),
    space: number % 5 === 0 ? 'tenant-1' : 'default',
  });
  const failed = number % 11 === 0;
  record.outcome = { ...record.outcome, status: failed ? 503 : 200, ok: !failed };
  return record;
}

export const ALL = Array.from({ length: 1000 }, (_, number) => mixed(number));
export const BLOCKS = Array.from({ length: 5 }, (_, block) => ALL.slice(block * 200, block * 200 + 200));

let original: Promise<string> | undefined;

/** A folder with an op log of 1,000 records in `oplog` and its export `all.trace.zst`. */
export async function withTrace(use: (folder: string, trace: string) => Promise<void>): Promise<void> {
  original ??= makeOriginal();
  const from = await original;
  await withFolder(async (folder) => {
    await cp(from, folder, { recursive: true });
    await use(folder, join(folder, 'all.trace.zst'));
  });
}

/** Made once in a process, and copied for each test. */
async function makeOriginal(): Promise<string> {
  const folder = newFolder();
  await mkdir(join(folder, 'oplog'));
  await writeOpLog(join(folder, 'oplog'), [{ blocks: BLOCKS }]);
  const log = await openOpLog(join(folder, 'oplog'));
  await writeExport(
    await planExport(log, { tool: 'test' }),
    await createFileSink(join(folder, 'all.trace.zst')),
  );
  await log.close();
  return folder;
}

export interface Line {
  header?: { loss?: Record<string, number>; notes: string[]; source: string };
  loss?: Record<string, number>;
  start_ns?: number;
  op?: string;
  session?: string;
}

export function parseLines(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

export const startsIn = (text: string) =>
  parseLines(text).flatMap((line) => (line.start_ns === undefined ? [] : [line.start_ns]));
export const startsOf = (records: readonly TraceRecord[]) => records.map((record) => record.startNs);

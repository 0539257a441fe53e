import { randomBytes } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createFileSink } from '../../trace/file/file-sink.ts';
import { openTraceFromFile } from '../../trace/read/trace-from-file.ts';
import type { ByteSink } from '../../trace/trace.ts';
import { derivedHeader, type FilterReport } from '../../transforms/filter-trace.ts';
import { TOOL } from '../../version.ts';
import type { Output } from './output.ts';
import { writeRecords } from './write-records.ts';

const LONGEST_START = 60;

/**
 * Runs `write`, which makes a trace file of what it copies; where the output has another form, into a file beside it
 * that is then read into it. A pipe would do without, but reads no blocks that overlap without bound.
 */
export async function withTraceBytes<T>(output: Output, write: (sink: ByteSink) => Promise<T>): Promise<T> {
  if (output.format === 'trace') return write(output.sink);
  const start = basename(output.name).slice(0, LONGEST_START);
  const beside = join(dirname(output.name), `${start}.${randomBytes(4).toString('hex')}.trace.tmp`);
  const sink = await createFileSink(beside);
  const cleanUp = async (): Promise<void> => {
    await sink.abort();
    await unlink(beside).catch(() => {});
  };
  output.alsoRemove(cleanUp);
  const result = await write(sink);
  await copyRecords(beside, output);
  await cleanUp();
  return result;
}

async function copyRecords(from: string, output: Output): Promise<void> {
  const trace = await openTraceFromFile(from);
  try {
    const header = derivedHeader(trace.header, TOOL, trace.header.source);
    const report: FilterReport = { recordsRead: 0, recordsKept: 0, recordsSampledOut: 0 };
    await writeRecords(output, {
      trace,
      header,
      records: trace.records(),
      rules: { keep: () => true },
      report,
    });
  } finally {
    await trace.close();
  }
}

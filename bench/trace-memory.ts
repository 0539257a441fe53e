import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openTrace } from '../src/sources/open/open-trace.ts';
import { createFileSink } from '../src/trace/file/file-sink.ts';
import { openTraceFile } from '../src/trace/read/trace-file.ts';
import { emptyHeader } from '../src/trace/record/record.ts';
import { createTraceWriter } from '../src/trace/write/create-trace-writer.ts';
import { embeddingRecords, peakMemoryOf, report, withFolder } from './support.ts';

const MAX_MB = 250;
const SMALL_RECORDS = 50_000;
const LARGE_RECORDS = 250_000; // About 2 GB of raw blocks.

/** A trace of 2 GB (raw) and one of a fifth of it: resident memory of writing, reading, copying, opening. */
export async function run(): Promise<void> {
  await withFolder(async (folder) => {
    for (const records of [SMALL_RECORDS, LARGE_RECORDS]) {
      const path = join(folder, `${records}.trace.zst`);
      await measure('write', path, [path, String(records)]);
      console.log(`  ${((await stat(path)).size / 1e6).toFixed(0)} MB in the file, ${records} records`);
      await measure('read', path, [path]);
      await measure('copy', path, [path, `${path}.copy`]);
      const started = performance.now();
      await measure('index', path, [path]);
      console.log(`  index read by a new process in ${(performance.now() - started).toFixed(0)} ms`);
    }
  });
}

async function measure(job: keyof typeof JOBS, path: string, args: string[]): Promise<void> {
  const peakMb = await peakMemoryOf(new URL(import.meta.url), [job, ...args]);
  report(`${job}, peak resident memory (${path.split('/').at(-1)})`, peakMb, MAX_MB, 'MB');
}

const JOBS = {
  async write(path: string, count: string) {
    const writer = createTraceWriter(await createFileSink(path), emptyHeader());
    for (const batch of embeddingRecords(Number(count))) await writer.write(batch);
    await writer.finish();
  },
  async read(path: string) {
    const trace = await openTrace(path);
    let bytes = 0;
    for await (const batch of trace.records()) for (const { body } of batch) bytes += body.length;
    await trace.close();
    if (bytes === 0) throw new Error('nothing read');
  },
  async copy(path: string, to: string) {
    const trace = await openTrace(path);
    const writer = createTraceWriter(await createFileSink(to, { force: true }), trace.header);
    for await (const batch of trace.records()) await writer.write(batch);
    await writer.finish();
    await trace.close();
  },
  async index(path: string) {
    const file = await openTraceFile(path);
    if (file.indexSource !== 'file') throw new Error('no index');
    await file.close();
  },
};

const [script, job, ...args] = process.argv.slice(1);
if (script !== undefined && import.meta.url === pathToFileURL(script).href && job !== undefined) {
  await JOBS[job as keyof typeof JOBS](args[0] ?? '', args[1] ?? '');
}

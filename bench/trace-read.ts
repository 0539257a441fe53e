import { join } from 'node:path';
import { openTrace } from '../src/sources/open/open-trace.ts';
import { createFileSink } from '../src/trace/file/file-sink.ts';
import { emptyHeader } from '../src/trace/record/record.ts';
import { createTraceWriter } from '../src/trace/write/create-trace-writer.ts';
import { cpuSeconds, cpuSecondsOf, median, report, smallRecords, withFolder } from './support.ts';

const RECORDS = 1_000_000;
const ROUNDS = 5;

/** Reading a million small records against `zstd -dc` of the same file: CPU at most 3x of it, plus 1 us a record. */
export async function run(): Promise<void> {
  await withFolder(async (folder) => {
    const path = join(folder, 'small.trace.zst');
    const writer = createTraceWriter(await createFileSink(path), {
      ...emptyHeader(),
      epochUnixNs: 1_700_000_000_000_000_000n,
    });
    for (const batch of smallRecords(RECORDS)) await writer.write(batch);
    await writer.finish();
    await readAll(path); // Warm: the disk's cache and the compiler.
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      theirs.push(await cpuSecondsOf(`zstd -dc '${path}'`));
      ours.push(await cpuSeconds(() => readAll(path)));
    }
    const budget = 3 * median(theirs) + RECORDS * 1e-6;
    console.log(
      `zstd -dc: ${median(theirs).toFixed(2)} s; reading: ${median(ours).toFixed(2)} s (CPU, medians of ${ROUNDS})`,
    );
    report('read 1,000,000 small records', median(ours), budget, 's');
    console.log(
      `a record costs ${((median(ours) / RECORDS) * 1e6).toFixed(2)} us; ${(median(ours) / median(theirs)).toFixed(1)}x of zstd -dc`,
    );
  });
}

/** Every record, with its body touched, as a sender would. */
async function readAll(path: string): Promise<void> {
  const trace = await openTrace(path);
  let records = 0;
  let bytes = 0;
  for await (const batch of trace.records()) {
    for (const record of batch) {
      records++;
      bytes += record.body.length + record.path.length;
    }
  }
  await trace.close();
  if (records !== RECORDS || bytes === 0) throw new Error(`${records} records read`);
}

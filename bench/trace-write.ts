import { join } from 'node:path';
import { createFileSink } from '../src/trace/file/file-sink.ts';
import { emptyHeader, type TraceRecord } from '../src/trace/record/record.ts';
import { createTraceWriter } from '../src/trace/write/create-trace-writer.ts';
import { cpuSeconds, cpuSecondsOf, median, report, smallRecords, withFolder } from './support.ts';

const RECORDS = 500_000;
const ROUNDS = 5;

/** Writing small records against `zstd -3` of the same raw bytes: CPU at most 2x of it, plus 2 us a record. */
export async function run(): Promise<void> {
  const records = [...smallRecords(RECORDS)];
  await withFolder(async (folder) => {
    const path = join(folder, 'small.trace.zst');
    const raw = join(folder, 'raw');
    await writeAll(path, records);
    await cpuSecondsOf(`zstd -dq '${path}' -o '${raw}'`);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      theirs.push(await cpuSecondsOf(`zstd -3 --single-thread -c '${raw}'`));
      ours.push(await cpuSeconds(() => writeAll(path, records)));
    }
    const budget = 2 * median(theirs) + RECORDS * 2e-6;
    console.log(
      `zstd -3: ${median(theirs).toFixed(2)} s; writing: ${median(ours).toFixed(2)} s (CPU, medians of ${ROUNDS})`,
    );
    report('write 500,000 small records', median(ours), budget, 's');
    console.log(`a record costs ${((median(ours) / RECORDS) * 1e6).toFixed(2)} us`);
  });
}

async function writeAll(path: string, batches: readonly TraceRecord[][]): Promise<void> {
  const sink = await createFileSink(path, { force: true });
  const writer = createTraceWriter(sink, { ...emptyHeader(), epochUnixNs: 1_700_000_000_000_000_000n });
  for (const batch of batches) await writer.write(batch);
  await writer.finish();
}

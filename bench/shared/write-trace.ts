import { createFileSink } from '../../src/trace/file/file-sink.ts';
import { emptyHeader, type TraceRecord } from '../../src/trace/record/record.ts';
import { createTraceWriter } from '../../src/trace/write/create-trace-writer.ts';

const BATCH = 256;

/** Writes one record for each start time (ns, rising), `recordOf` its number among them, with our own writer. */
export async function writeTrace(
  path: string,
  starts: Iterable<number>,
  recordOf: (number: number) => TraceRecord,
): Promise<void> {
  await writeBatches(path, batches(starts, recordOf));
}

/** Writes batches of records, sorted by start, as one trace. */
export async function writeBatches(path: string, all: Iterable<TraceRecord[]>): Promise<void> {
  const header = { ...emptyHeader(), source: 'bench', dialect: 'engram' };
  const writer = createTraceWriter(await createFileSink(path, { force: true }), header);
  for (const batch of all) await writer.write(batch);
  await writer.finish();
}

function* batches(
  starts: Iterable<number>,
  recordOf: (number: number) => TraceRecord,
): Generator<TraceRecord[]> {
  let batch: TraceRecord[] = [];
  let number = 0;
  for (const startNs of starts) {
    batch.push({ ...recordOf(number), startNs });
    number += 1;
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  yield batch;
}

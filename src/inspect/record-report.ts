import { EngramTraceError } from '../error.ts';
import { isoTime } from '../iso-time.ts';
import { recordToJson } from '../trace/ndjson/record-json.ts';
import { openTraceFile } from '../trace/read/trace-file.ts';
import type { TraceRecord } from '../trace/record/record.ts';
import type { ReadOptions, Trace } from '../trace/trace.ts';
import { findRecord, placeOf, type RecordPlace } from './find-record.ts';

/** One record as JSON, when it was in wall-clock time, and where in the file it is. */
export interface RecordReport {
  number: number;
  time: string;
  /** Null for a trace that has no blocks. */
  place: RecordPlace | null;
  record: unknown;
}

/** Looks a record up by its number (from 0, in the order of starts). Throws `usage` for one behind the end. */
export async function recordReport(
  trace: Trace,
  number: number,
  onDamage: ReadOptions['onDamage'] = 'throw',
): Promise<RecordReport> {
  const record = await findRecord(trace, number, onDamage);
  if (record === undefined) {
    const count = trace.hints.records;
    const hint = count === undefined ? undefined : `it has ${count} records, numbered from 0`;
    throw new EngramTraceError('usage', `there is no record ${number}`, { where: trace.name, hint });
  }
  const time = isoTime(trace.header.epochUnixNs + BigInt(record.startNs), 9);
  return { number, time, place: await placeIn(trace, record), record: recordToJson(record) };
}

async function placeIn(trace: Trace, record: TraceRecord): Promise<RecordPlace | null> {
  if (trace.format !== 'trace' || !trace.seekable) return null;
  const file = await openTraceFile(trace.name);
  try {
    return (await placeOf(file, record)) ?? null;
  } finally {
    await file.close();
  }
}

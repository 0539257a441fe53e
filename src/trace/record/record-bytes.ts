import type { TraceRecord } from './record.ts';

/** Request bytes a record holds in memory. */
export function recordBytes(record: TraceRecord): number {
  let sum = record.body.length;
  for (const message of record.stream?.messages ?? []) sum += message.data.length;
  return sum;
}

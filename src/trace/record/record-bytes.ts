import type { TraceRecord } from './record.ts';

/** Request bytes a record holds in memory. */
export function recordBytes(record: TraceRecord): number {
  const { body, stream } = record;
  if (stream === undefined) return body.length;
  return stream.messages.reduce((sum, { data }) => sum + data.length, body.length);
}

import type { HeaderList, TraceRecord } from '../../trace/record/record.ts';

/** A string beyond its letters: its object, and its places in the list and in the redacted one. */
const STRING_BYTES = 48;
/** A string in the table of a block: its object, its entry, its number in a header set. */
const TABLE_STRING_BYTES = 128;
/** A record in a block: its fields, its place in the order, and what the index says about its op. */
const RECORD_BYTES = 2_048;
/** What the fields of one message of a record take in memory. */
const MESSAGE_BYTES = 48;

/** How many bytes a list of headers takes in memory, about. */
export function headersCost(headers: HeaderList): number {
  return lettersOf(headers) + headers.length * STRING_BYTES;
}

/** What a record adds to a block at most: one that has nothing in common with the others. */
export function recordCost(record: TraceRecord): number {
  const { body, path, headers, stream, outcome } = record;
  let bytes = RECORD_BYTES + body.length + path.length + (outcome.response?.length ?? 0);
  bytes += lettersOf(headers) + headers.length * TABLE_STRING_BYTES;
  for (const { data } of stream?.messages ?? []) bytes += MESSAGE_BYTES + data.length;
  return bytes;
}

function lettersOf(headers: HeaderList): number {
  let letters = 0;
  for (const text of headers) letters += text.length;
  return letters;
}

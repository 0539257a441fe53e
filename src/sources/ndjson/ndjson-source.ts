import { SNIFF_BYTES } from '../../trace/sniff/unpack-head.ts';
import type { Head, Source } from '../source.ts';

/** NDJSON: our own records as text, one a line. Its reader, as that of every source, is loaded when there is one to read. */
export const ndjsonSource: Source = {
  name: 'ndjson',
  description: 'NDJSON with one record a line (start_ns, path, …)',
  looksLike,
  open: async (input) => (await import('./open-ndjson.ts')).openNdjson(input),
};

function looksLike({ text, bytes }: Head): 'yes' | 'perhaps' | 'no' {
  // Blank lines are passed over, however many; the reader of lines has the last word.
  if (text === '') return bytes.length >= SNIFF_BYTES && !bytes.includes(0) ? 'perhaps' : 'no';
  if (!text.startsWith('{')) return 'no';
  const [firstLine = ''] = text.split('\n', 1);
  if (/^\{\s*"(start_ns|header|loss)"/.test(firstLine) || /"start_ns"\s*:/.test(firstLine)) return 'yes';
  // A body may be longer than what was looked at.
  return firstLine.length > SNIFF_BYTES / 2 && firstLine.length === text.length ? 'perhaps' : 'no';
}

import { EngramTraceError } from '../../error.ts';
import { type Packing, unpackHead } from '../../trace/sniff/unpack-head.ts';
import type { Head, Source } from '../source.ts';
import { SOURCES } from './default-sources.ts';
import { strangerIn } from './strangers.ts';

/** A trace file, or what the source is of an input that was packed like that. */
export type Found = 'trace file' | { readonly source: Source; readonly packing: Packing };

/** Up to here sources are asked whenever more has come, as a pipe may fall silent behind any byte. */
const OFTEN_ASKED_BYTES = 1024;
const PACKED: Record<Packing, string> = { '': '', '.zst': ' (zstd-compressed)', '.gz': ' (gzip-compressed)' };

/**
 * Finds out what an input is, by its first bytes, of which no more are asked for than it takes. Throws `empty`, or
 * `not_a_trace` with a word on what it looks like and on what was looked for.
 */
export async function findSource(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  sources: readonly Source[] = SOURCES,
): Promise<Found> {
  const unpacked = await unpackHead(chunks, name, createEnough(name, sources));
  if (unpacked === 'trace file') return unpacked;
  const { packing } = unpacked;
  const head = headOf(unpacked.bytes, name);
  const where = `${name}${PACKED[packing]}`;
  const sure = sources.find((source) => source.looksLike(head) === 'yes');
  if (sure) return { source: sure, packing };
  const stranger = strangerIn(head);
  if (stranger) throw notATrace(where, stranger.what, stranger.hint);
  const source = sources.find((one) => one.looksLike(head) === 'perhaps');
  if (source) return { source, packing };
  throw unknown(head, where, sources);
}

/** Whether a beginning tells what it is. */
function createEnough(name: string, sources: readonly Source[]): (bytes: Buffer) => boolean {
  let askedBytes = 0;
  return (bytes) => {
    if (holdsLine(bytes)) return true;
    // A long line may come byte by byte, and each answer takes a look at all of it.
    if (bytes.length > OFTEN_ASKED_BYTES && bytes.length < askedBytes * 1.25) return false;
    askedBytes = bytes.length;
    const head = headOf(bytes, name);
    return sources.some((source) => source.looksLike(head) === 'yes');
  };
}

function headOf(bytes: Buffer, name: string): Head {
  let text: string | undefined;
  return {
    name,
    bytes,
    get text() {
      text ??= bytes.includes(0) ? '' : bytes.toString('utf8').replace(/^[\s\uFEFF]*/, '');
      return text;
    },
  };
}

/** A first line that opens an object and does not close it is a document of many lines: more of it is needed. */
function holdsLine(head: Buffer): boolean {
  const [first = '', ...others] = head.toString('latin1').trimStart().split('\n', 2);
  const line = first.trimEnd();
  return others.length > 0 && (!line.startsWith('{') || line.endsWith('}'));
}

function unknown({ bytes, text }: Head, where: string, sources: readonly Source[]): EngramTraceError {
  const hint = lookedFor(sources);
  if (bytes.length === 0) return nothingInside(where, sources);
  if (bytes.includes(0)) return notATrace(where, 'it looks like binary data', hint);
  if (text === '') return new EngramTraceError('empty', 'the file holds only white space', { where, hint });
  if (text.startsWith('{')) return notATrace(where, 'it is JSON, but its first line has no start_ns', hint);
  return notATrace(where, 'it looks like text, not like JSON', hint);
}

/** The error for frames without content. */
export function nothingInside(name: string, sources: readonly Source[]): EngramTraceError {
  return notATrace(name, 'there is nothing in its first frame, nor in those behind it', lookedFor(sources));
}

function lookedFor(sources: readonly Source[]): string {
  const forms = ['a .trace.zst file', ...sources.map(({ description }) => description)];
  return `Looked for: ${forms.join('; ')}. All but the first may be packed by zstd or gzip.`;
}

function notATrace(where: string, what: string, hint: string): EngramTraceError {
  return new EngramTraceError('not_a_trace', `not a trace: ${what}`, { where, hint });
}

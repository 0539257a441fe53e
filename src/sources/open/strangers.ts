import type { Head } from '../source.ts';

/** What an input is instead of a trace, and what to do about it. */
export interface Stranger {
  readonly what: string;
  readonly hint: string;
}

type ByStart = readonly [start: readonly number[], name: string, hint: string];

/** First bytes of files people take for traces. */
const BY_START: readonly ByStart[] = [
  // These two are read, but not within each other or themselves.
  [[0x1f, 0x8b], 'gzip', 'It is packed twice: unpack it first.'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd', 'It is packed twice: unpack it first.'],
  [[0x42, 0x5a, 0x68], 'bzip2', 'Unpack it first: bunzip2.'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz', 'Unpack it first: unxz.'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive', 'Unpack it first: unzip.'],
  [[0x04, 0x22, 0x4d, 0x18], 'lz4', 'Unpack it first: lz4 -d.'],
  [[0xd4, 0xc3, 0xb2, 0xa1], 'a pcap capture of packets', 'Record with `engram-trace capture` instead.'],
  [[0x0a, 0x0d, 0x0d, 0x0a], 'a pcapng capture of packets', 'Record with `engram-trace capture` instead.'],
  ...[0x1e, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27].map(
    (version): ByStart => [
      [version, 0xb5, 0x2f, 0xfd],
      'zstd of before version 0.8',
      'Decompress it first, with a zstd that has legacy support.',
    ],
  ),
  [[0x37, 0xa4, 0x30, 0xec], 'a zstd dictionary', 'Give the file that was compressed with it.'],
  [[0x7f, 0x45, 0x4c, 0x46], 'a program', 'Give the file the trace was written to.'],
];

const NOT_READ_YET = 'That form is not read yet: make NDJSON of it, one record a line (start_ns, path, …).';

/** The known kind of file, which no source reads, that an input begins like. */
export function strangerIn({ bytes, text }: Head): Stranger | undefined {
  const known = BY_START.find(([start]) => start.every((byte, i) => bytes[i] === byte));
  if (known) return { what: `it looks like ${known[1]}`, hint: known[2] };
  if (text.startsWith('['))
    return { what: 'it is a JSON array', hint: 'Write one record a line: jq -c ".[]".' };
  if (!text.startsWith('{')) return undefined;
  if (/"log"\s*:\s*\{/.test(text) && /"entries"|"creator"/.test(text))
    return { what: 'it is a HAR file', hint: NOT_READ_YET };
  return /"resourceSpans"/.test(text)
    ? { what: 'it is an OTLP file of spans', hint: NOT_READ_YET }
    : undefined;
}

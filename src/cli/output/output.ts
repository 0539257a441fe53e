import { isatty } from 'node:tty';
import { EngramTraceError } from '../../error.ts';
import { createFileSink } from '../../trace/file/file-sink.ts';
import type { TraceHeader } from '../../trace/record/record.ts';
import type { ByteSink, TraceWriter } from '../../trace/trace.ts';
import { linesText } from '../../visible-text.ts';
import { tell } from '../people/people.ts';
import { isStdout } from './is-stdout.ts';
import { openRecordStdout } from './stdout.ts';
import { printWarning } from './warnings.ts';

export const OUTPUT_FORMATS = ['trace', 'ndjson', 'ndjson.zst', 'loadtest'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Where a command's records go: a file that appears when it is whole, or stdout. */
export interface Output {
  readonly name: string;
  readonly format: OutputFormat;
  readonly sink: ByteSink;
  /** A writer of the output's form; its `finish` puts the file in place. */
  writer(header: TraceHeader): Promise<TraceWriter>;
  /** Bytes in the file so far; undefined for stdout. */
  bytesWritten(): number | undefined;
  /** A file that is there stays, forced or not, and is told of: there is nothing to put in its place. */
  keepOld(): void;
  /** Removes what was written so far, and what `alsoRemove` was told of. */
  abort(): Promise<void>;
  alsoRemove(cleanUp: () => Promise<void>): void;
}

export interface OutputOptions {
  format?: OutputFormat | undefined;
  force?: boolean | undefined;
  /** NDJSON without header and losses. */
  recordsOnly?: boolean | undefined;
  quiet?: boolean | undefined;
}

/** Opens FILE or `-` (stdout). Throws `usage` for a file that exists and for binary on a terminal. */
export async function openOutput(name: string, options: OutputOptions): Promise<Output> {
  if (options.format === undefined && /\.gz$/i.test(name)) throw gzipIsRead();
  const format = options.format ?? formatOfName(name);
  const toStdout = isStdout(name);
  if (toStdout && isatty(1) && (format === 'trace' || format === 'ndjson.zst')) throw binaryOnTerminal();
  const file = toStdout ? undefined : await createFileSink(name, { force: options.force });
  const sink = file ?? openRecordStdout(format === 'ndjson' || format === 'loadtest');
  if (!options.quiet && options.format === undefined) tellForm(name, format);
  const cleanUps: (() => Promise<void>)[] = [];
  return {
    name: toStdout ? '-' : name,
    format,
    sink,
    writer: (header) => createWriter(sink, header, format, options.recordsOnly),
    bytesWritten: () => file?.bytesWritten,
    keepOld: () => {
      if (file?.keepOld()) printWarning(`${name} stays as it was: there are no records to put in its place`);
    },
    abort: async () => {
      for (const cleanUp of cleanUps) await cleanUp();
      await file?.abort();
    },
    alsoRemove: (cleanUp) => void cleanUps.push(cleanUp),
  };
}

/** What `--format` is where it is not given, for the help of the commands that have it. */
export const FORMAT_HELP =
  'form of the output; default: what its name tells (.ndjson, .json: NDJSON, .ndjson.zst), else trace, for - too';

/** The form that the end of a file's name asks for; a trace file where it says nothing. */
export function formatOfName(name: string): OutputFormat {
  if (/\.(ndjson|jsonl|json)$/i.test(name)) return 'ndjson';
  if (/\.(ndjson|jsonl|json)\.zst$/i.test(name)) return 'ndjson.zst';
  return 'trace';
}

/** `.json` could be one document, so what it is is said. */
function tellForm(name: string, format: OutputFormat): void {
  if (!/\.json(\.zst)?$/i.test(name)) return;
  const packed = format === 'ndjson.zst' ? ', compressed' : '';
  tell(
    linesText([
      `engram-trace: ${name} holds NDJSON, one record a line${packed}; a name in .trace.zst is smaller`,
    ]),
  );
}

async function createWriter(
  sink: ByteSink,
  header: TraceHeader,
  format: OutputFormat,
  recordsOnly: boolean | undefined,
): Promise<TraceWriter> {
  if (format === 'trace') {
    const { createTraceWriter } = await import('../../trace/write/create-trace-writer.ts');
    return createTraceWriter(sink, header);
  }
  if (format === 'loadtest') {
    const { createLoadtestWriter } = await import('../../sources/loadtest/loadtest-writer.ts');
    return createLoadtestWriter(sink, header);
  }
  const { createNdjsonWriter } = await import('../../trace/ndjson/ndjson-writer.ts');
  return createNdjsonWriter(sink, header, { compress: format === 'ndjson.zst', recordsOnly });
}

function gzipIsRead(): EngramTraceError {
  return new EngramTraceError('usage', 'gzip is read, but not written', {
    hint: 'name it .ndjson.zst, which is smaller, or pipe --format ndjson on into gzip',
  });
}

function binaryOnTerminal(): EngramTraceError {
  return new EngramTraceError('usage', 'a trace is binary and stdout is a terminal', {
    hint: 'name a file with --output, pipe it on, or ask for --format ndjson',
  });
}

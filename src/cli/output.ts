import { EngramTraceError } from '../trace/error.ts';
import { createFileSink, createStreamSink } from '../trace/file-sink.ts';
import type { TraceHeader } from '../trace/record.ts';
import type { ByteSink, TraceWriter } from '../trace/trace.ts';

export const OUTPUT_FORMATS = ['trace', 'ndjson', 'ndjson.zst', 'loadtest'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Where a command's records go: a file that appears when it is whole, or stdout. */
export interface Output {
  readonly name: string;
  readonly format: OutputFormat;
  readonly sink: ByteSink;
  /** A writer of the output's form; its `finish` puts the file in place. */
  writer(header: TraceHeader): Promise<TraceWriter>;
  /** Removes what was written so far. */
  abort(): Promise<void>;
}

/** Opens FILE or `-` (stdout). Throws `usage` for a file that exists and for binary on a terminal. */
export async function openOutput(
  name: string,
  options: { format?: OutputFormat | undefined; force?: boolean | undefined },
): Promise<Output> {
  const format = options.format ?? formatOfName(name);
  if (name === '-' && process.stdout.isTTY && (format === 'trace' || format === 'ndjson.zst'))
    throw binaryOnTerminal();
  const file = name === '-' ? undefined : await createFileSink(name, { force: options.force });
  const sink = file ?? createStreamSink(process.stdout);
  return {
    name,
    format,
    sink,
    writer: (header) => createWriter(sink, header, format),
    abort: async () => file?.abort(),
  };
}

/** By the end of the name; a trace file where it says nothing. */
export function formatOfName(name: string): OutputFormat {
  if (/\.(ndjson|jsonl)$/i.test(name)) return 'ndjson';
  if (/\.(ndjson|jsonl)\.zst$/i.test(name)) return 'ndjson.zst';
  if (/\.json$/i.test(name)) return 'loadtest';
  return 'trace';
}

async function createWriter(sink: ByteSink, header: TraceHeader, format: OutputFormat): Promise<TraceWriter> {
  if (format === 'trace') {
    const { createTraceWriter } = await import('../trace/create-trace-writer.ts');
    return createTraceWriter(sink, header);
  }
  if (format === 'loadtest') {
    const { createLoadtestWriter } = await import('../sources/loadtest/loadtest-writer.ts');
    return createLoadtestWriter(sink, header);
  }
  const { createNdjsonWriter } = await import('../trace/ndjson-writer.ts');
  return createNdjsonWriter(sink, header, { compress: format === 'ndjson.zst' });
}

function binaryOnTerminal(): EngramTraceError {
  return new EngramTraceError('usage', 'a trace is binary and stdout is a terminal', {
    hint: 'name a file with --output, pipe it on, or ask for --format ndjson',
  });
}

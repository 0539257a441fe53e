// Reads a log of your own, lines of `milliseconds since its start,client,method,path`, as a trace, and writes a trace file.
// Run: node custom-source.ts LOG OUTPUT
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import {
  createFileSink,
  createTextTrace,
  createTraceWriter,
  emptyHeader,
  emptyRecord,
  findDialect,
  openTrace,
  SOURCES,
  type Source,
  type TraceRecord,
} from 'engram-trace';

const [log = 'access.csv', output = 'access.trace.zst'] = process.argv.slice(2);
const LINE = /^(\d+),([^,]*),([A-Z]+),(\/\S*)$/;
const dialect = findDialect('generic');

function recordOf(line: string): TraceRecord | undefined {
  const [, ms, session = '', method = '', path = ''] = LINE.exec(line) ?? [];
  if (ms === undefined) return undefined;
  const record: TraceRecord = { ...emptyRecord(), startNs: Number(ms) * 1e6, session, method, path };
  return { ...record, ...dialect.describe(record) };
}

const csvLog: Source = {
  name: 'csv-log',
  description: 'lines of milliseconds,client,method,path',
  looksLike: ({ text }) => (LINE.test(text.split('\n', 1)[0] ?? '') ? 'yes' : 'no'),
  open: (input) =>
    createTextTrace<string>(input, {
      format: 'csv-log',
      header: {
        ...emptyHeader(),
        // What starts count from, and how exactly the log knows them.
        epochUnixNs: BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n,
        resolutionNs: 1e6,
        source: 'csv-log',
        dialect: dialect.name,
      },
      parts: () => createInterface({ input: Readable.from(input.open()) }),
      recordOf,
      sizeOf: (line) => line.length,
      late: { what: 'lines', hint: 'sort the log by its times' },
    }),
};

const trace = await openTrace(log, { sources: [csvLog, ...SOURCES] });
const sink = await createFileSink(output, { force: true });
const writer = await createTraceWriter(sink, trace.header);
for await (const batch of trace.records()) await writer.write(batch);
await writer.finish();
await trace.close();
console.log(`${trace.format}: written to ${output}`);

import { Command, Option } from 'commander';
import { derivedHeader, type FilterReport, filterTrace } from '../transforms/filter-trace.ts';
import { createRecordFilter, type FilterConditions, type LatencyRange } from '../transforms/record-filter.ts';
import { createSessionSample } from '../transforms/session-sample.ts';
import { recordsBetween } from '../transforms/time-range.ts';
import { TOOL } from '../version.ts';
import { collect, parseCount, parseRatio } from './flag-parsers.ts';
import { withCleanUp } from './interrupt.ts';
import { openInput } from './open-input.ts';
import { OUTPUT_FORMATS, type OutputFormat, openOutput } from './output.ts';
import { parseLatencyRange } from './parse-latency-range.ts';
import { createProgress } from './progress.ts';
import { type TimeRangeFlags, timeRangeOf, withTimeRange } from './time-range-flags.ts';
import { reportWarnings } from './warnings.ts';

interface FilterFlags extends TimeRangeFlags {
  op?: string[];
  space?: string[];
  session?: string[];
  method?: string[];
  path?: string[];
  status?: string[];
  protocol?: 'http' | 'grpc';
  ok?: boolean;
  failed?: boolean;
  latency?: LatencyRange[];
  invert?: boolean;
  limit?: number;
  sample?: number;
  seed: number;
  output: string;
  format?: OutputFormat;
  force?: boolean;
  skipDamaged?: boolean;
  quiet?: boolean;
}

/** `engram-trace filter`: records that meet conditions, from one trace into another. */
export function makeFilterCommand(): Command {
  const command = new Command('filter')
    .argument('[trace]', 'trace file, NDJSON, or - for stdin', '-')
    .option('-o, --output <file>', 'where the records go; - is stdout', '-')
    .addOption(
      new Option('--format <form>', 'instead of the form the name of the output tells').choices(
        OUTPUT_FORMATS,
      ),
    )
    .option('--force', 'replace an output that exists')
    .option('--op <name>', 'operation, * for any characters; may be repeated, as all conditions', collect)
    .option('--space <name>', 'memory space or tenant', collect)
    .option('--session <name>', 'connection or client', collect)
    .option('--method <name>', 'HTTP method', collect)
    .option('--path <glob>', 'path without query: * within a segment, ** across segments', collect)
    .option('--status <status>', '200, 5xx, 400-499, a gRPC code or name, or none', collect)
    .addOption(new Option('--protocol <name>').choices(['http', 'grpc']))
    .addOption(new Option('--ok', 'only what succeeded').conflicts('failed'))
    .option('--failed', 'only what failed')
    .option('--latency <range>', "recorded duration: '>10ms', '<=1s', 10ms..1s", collectLatency)
    .option('--invert', 'what the conditions above do not select')
    .option('--sample <ratio>', 'keep this part of the sessions, each whole', parseRatio)
    .option('--seed <number>', 'of the sample', parseCount, 1)
    .option('--limit <count>', 'end after so many records', parseCount)
    .option('--skip-damaged', 'leave damaged blocks out and count them');
  return withTimeRange(command).action(runFilter);
}

function collectLatency(text: string, previous: readonly LatencyRange[] = []): LatencyRange[] {
  return [...previous, parseLatencyRange(text)];
}

async function runFilter(input: string, flags: FilterFlags): Promise<void> {
  const keep = createRecordFilter(conditionsOf(flags));
  const { sample: ratio, seed, limit } = flags;
  const sample = ratio === undefined ? undefined : createSessionSample(ratio, seed);
  const range = await timeRangeOf(flags);
  const trace = await openInput(input);
  const output = await openOutput(flags.output, flags);
  const report: FilterReport = { recordsRead: 0, recordsKept: 0, recordsSampledOut: 0 };
  const progress = await createProgress(flags);
  await withCleanUp(output.abort, async () => {
    const writer = await output.writer(derivedHeader(trace.header, TOOL, 'filter'));
    const records = progress.watch(
      recordsBetween(trace, range, flags.skipDamaged ? 'skip' : 'throw'),
      () => `filter: ${report.recordsKept} of ${report.recordsRead} records`,
    );
    await filterTrace(trace, records, { keep, sample, limit }, writer, report);
    await writer.finish();
  });
  progress.stop();
  reportWarnings(trace, flags);
  await trace.close();
  if (flags.quiet) return;
  const sampled = ratio === undefined ? '' : `, ${report.recordsSampledOut} sampled out`;
  process.stderr.write(`filter: kept ${report.recordsKept} of ${report.recordsRead} records${sampled}\n`);
}

function conditionsOf(flags: FilterFlags): FilterConditions {
  return {
    ops: flags.op,
    spaces: flags.space,
    sessions: flags.session,
    methods: flags.method,
    paths: flags.path,
    statuses: flags.status,
    protocol: flags.protocol,
    ok: flags.ok ? true : flags.failed ? false : undefined,
    latencies: flags.latency,
    invert: flags.invert,
  };
}

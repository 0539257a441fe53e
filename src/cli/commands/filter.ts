import { Command, Option } from 'commander';
import { countText } from '../../inspect/number-text.ts';
import type { SampleNearness } from '../../nearness/sample-nearness.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { Trace } from '../../trace/trace.ts';
import { derivedHeader, type FilterReport, type FilterRules } from '../../transforms/filter-trace.ts';
import type { FilterConditions, LatencyRange } from '../../transforms/record-filter.ts';
import { createSessionSample } from '../../transforms/session-sample.ts';
import { recordsBetween } from '../../transforms/time-range.ts';
import { translateRecords } from '../../transforms/translate-records.ts';
import { WatchedFilter } from '../../transforms/watched-filter.ts';
import { TOOL } from '../../version.ts';
import { linesText } from '../../visible-text.ts';
import { collect, parseCount, parseRatio } from '../flags/flag-parsers.ts';
import { parseLatencyRange } from '../flags/parse-latency-range.ts';
import { type TimeRangeFlags, timeRangeOf, withTimeRange } from '../flags/time-range-flags.ts';
import { withInput } from '../input/open-input.ts';
import { FORMAT_HELP, OUTPUT_FORMATS, type OutputFormat } from '../output/output.ts';
import { printWarning, reportWarnings } from '../output/warnings.ts';
import { withOutput } from '../output/with-output.ts';
import { writeRecords, writtenText } from '../output/write-records.ts';
import { tell } from '../people/people.ts';
import { createProgress } from '../people/progress.ts';
import { nothingKept } from '../text/nothing-kept.ts';
import { unmetText } from '../text/unmet-text.ts';

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
    .argument('[trace]', 'trace file, NDJSON, loadtest JSON, or - for stdin', '-')
    .option(
      '-o, --output <file>',
      'where the records go; - is stdout (a trace file there, but for --format)',
      '-',
    )
    .addOption(new Option('--format <form>', FORMAT_HELP).choices(OUTPUT_FORMATS))
    .option('--force', 'replace an output that exists')
    .option(
      '--op <name>',
      'operation, * for any characters; may be repeated, as all conditions (default of each: any)',
      collect,
    )
    .option('--space <name>', 'memory space or tenant', collect)
    .option('--session <name>', 'connection or client', collect)
    .option('--method <name>', 'HTTP method', collect)
    .option('--path <glob>', 'path without query: * within a segment, ** across segments', collect)
    .option(
      '--status <status>',
      '200, 5xx, 400-499, a gRPC code or name, cancelled (by its client), or none',
      collect,
    )
    .addOption(new Option('--protocol <name>', 'only this protocol').choices(['http', 'grpc']))
    .addOption(
      new Option('--ok', 'only what is known to have succeeded, or was cancelled by its client').conflicts(
        'failed',
      ),
    )
    .option('--failed', 'only what is known to have failed')
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
  const seen = new WatchedFilter(conditionsOf(flags), flags.sample !== undefined);
  const nearness = await sampleNearness(flags);
  const rules: FilterRules = {
    keep: seen.keep,
    onSampled: nearness && ((record, isKept) => nearness.add(record, isKept)),
    sample: flags.sample === undefined ? undefined : createSessionSample(flags.sample, flags.seed),
    limit: flags.limit,
  };
  const range = await timeRangeOf(flags);
  await withInput(input, async (trace) => {
    const records = translateRecords(trace.header.dialect, recordsBetween(trace, range, damageOf(flags)));
    const report = await writeFiltered(trace, records, rules, flags, seen);
    reportWarnings(trace, flags);
    // Behind the limit there may be what no record had so far.
    if (!report.limitReached) for (const value of seen.unmet) printWarning(unmetText(value));
    if (!flags.quiet)
      tell(linesText([`${endText(report, flags)}${unknownText(seen)}`, ...(nearness?.lines ?? [])]));
  });
}

async function sampleNearness({ sample, quiet }: FilterFlags): Promise<SampleNearness | undefined> {
  if (sample === undefined || quiet) return undefined;
  const { SampleNearness } = await import('../../nearness/sample-nearness.ts');
  return new SampleNearness(sample);
}

async function writeFiltered(
  trace: Trace,
  records: AsyncIterable<TraceRecord[]>,
  rules: FilterRules,
  flags: FilterFlags,
  seen: WatchedFilter,
): Promise<FilterReport> {
  const progress = await createProgress(flags);
  const report: FilterReport = { recordsRead: 0, recordsKept: 0, recordsSampledOut: 0 };
  const watched = progress.watch(records, () => reportText(report, flags));
  const header = derivedHeader(trace.header, TOOL, 'filter');
  await withOutput(flags.output, flags, (output) =>
    writeRecords(output, {
      trace,
      header,
      records: watched,
      rules,
      report,
      refuseNothing: () => {
        if (!flags.quiet) tell(`${reportText(report, flags)}${unknownText(seen)}\n`);
        return nothingKept(trace, report, seen);
      },
    }),
  );
  return report;
}

function unknownText({ unknownOutcomes }: WatchedFilter): string {
  return unknownOutcomes === 0 ? '' : `, ${countText(unknownOutcomes)} are of unknown outcome`;
}

function damageOf(flags: FilterFlags): 'skip' | 'throw' {
  return flags.skipDamaged ? 'skip' : 'throw';
}

/** What was kept is what was written, but where the form of the output has no place for some of it. */
function endText(report: FilterReport, flags: FilterFlags): string {
  const kept = reportText(report, flags);
  return report.recordsLeftOut ? `${kept}; ${writtenText(flags.output, report)}` : kept;
}

function reportText(report: FilterReport, { from, to }: TimeRangeFlags): string {
  const { recordsKept, recordsRead, recordsSampledOut } = report;
  const sampled = recordsSampledOut > 0 ? `, ${countText(recordsSampledOut)} sampled out` : '';
  // How many would have come behind the limit nobody knows: they were not read.
  if (report.limitReached) return `filter: kept ${countText(recordsKept)}, then the limit ended it${sampled}`;
  const where = from === undefined && to === undefined ? '' : ' in the window';
  return `filter: kept ${countText(recordsKept)} of ${countText(recordsRead)} records${where}${sampled}`;
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

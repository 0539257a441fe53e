import { basename } from 'node:path';
import { Command } from 'commander';
import type { CheckReport } from '../../check/check-results.ts';
import type { LimitWords } from '../../check/parse-limit.ts';
import { EngramTraceError } from '../../error.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import { EXIT, type ExitCode } from '../exit/exit-code.ts';
import { collect } from '../flags/flag-parsers.ts';
import { readText } from '../flags/tls-flags.ts';
import { readResults } from '../input/read-results.ts';
import { printJson, printText } from '../output/stdout.ts';

interface CheckFlags {
  limits?: string;
  preset?: string;
  failIf?: string[];
  judgeAnyway?: boolean;
  strict?: boolean;
  json?: boolean;
  markdown?: boolean;
  github?: boolean;
  junit?: string;
  force?: boolean;
  quiet?: boolean;
}

/** `engram-trace check`: holds a results document against limits. */
export function makeCheckCommand(): Command {
  return new Command('check')
    .argument('<results>', 'results document of replay or run')
    .option('--limits <file>', 'TOML file with the limits ([[limit]] holds = …; docs/check.md)')
    .option('--preset <name>', 'limits that come with the program: memobuild-release')
    .option('--fail-if <limit>', "what must not be: 'latency.recall.p99 > 10ms'; may be repeated", collect)
    .option('--judge-anyway', 'judge a run that was not valid too')
    .option('--strict', 'end with 99 also where something is to be looked into')
    .option('--json', 'the checklist as JSON on stdout')
    .option('--markdown', 'the checklist as a Markdown table')
    .option('--github', 'annotations of a GitHub workflow, in front of the checklist')
    .option('--junit <file>', 'write the checklist as JUnit XML too')
    .option('--force', 'replace a JUnit file that exists')
    .action(runCheck);
}

async function runCheck(path: string, flags: CheckFlags): Promise<void> {
  const wanted = await limitsOf(flags);
  refuseSameFile([{ flag: '<results>', path }], [{ flag: '--junit', path: flags.junit }]);
  const document = await readResults(path, 'engram-trace check <results>: the JSON that --output wrote');
  const { checkResults } = await import('../../check/check-results.ts');
  const report = checkResults(document, {
    limits: wanted,
    failIf: flags.failIf,
    judgeAnyway: flags.judgeAnyway,
  });
  if (flags.junit !== undefined) await writeJunit(flags.junit, path, report, flags.force);
  process.exitCode = exitCodeFor(report, flags.strict);
  await print(report, flags);
}

async function limitsOf({ limits, preset, failIf = [] }: CheckFlags): Promise<LimitWords[]> {
  if (limits === undefined && preset === undefined && failIf.length === 0) {
    throw new EngramTraceError('usage', 'there is no limit to hold it against', {
      hint: "--preset NAME, --limits FILE or --fail-if 'latency.overall.p99 > 10ms'",
    });
  }
  const wanted: LimitWords[] = [];
  if (preset !== undefined) {
    const { presetLimits } = await import('../../check/presets.ts');
    wanted.push(...presetLimits(preset));
  }
  if (limits !== undefined) {
    const { readLimitsFile } = await import('../../check/limits-file.ts');
    wanted.push(...readLimitsFile(readText('--limits', limits), limits));
  }
  return wanted;
}

async function writeJunit(file: string, path: string, report: CheckReport, force?: boolean): Promise<void> {
  const { checkReportJunit } = await import('../../check/check-formats.ts');
  const { createFileSink } = await import('../../trace/file/file-sink.ts');
  const sink = await createFileSink(file, { force });
  try {
    await sink.write(Buffer.from(checkReportJunit(report, basename(path))));
    await sink.close();
  } catch (thrown) {
    await sink.abort();
    throw thrown;
  }
}

async function print(report: CheckReport, { json, markdown, github, quiet }: CheckFlags): Promise<void> {
  const { checkReportGithub, checkReportJson, checkReportMarkdown } = await import(
    '../../check/check-formats.ts'
  );
  if (github) await printText(checkReportGithub(report));
  if (json) await printJson(checkReportJson(report), 2);
  else if (markdown) await printText(`${checkReportMarkdown(report)}\n`);
  else if (!quiet) {
    const { checkReportText } = await import('../../check/checklist.ts');
    await printText(`${checkReportText(report)}\n`);
  }
}

function exitCodeFor({ status, isUnproven }: CheckReport, isStrict = false): ExitCode {
  if (status === 'NOT JUDGED') return EXIT.invalidReplay;
  const isBroken = status === 'FAIL' || isUnproven || (isStrict && status === 'INVESTIGATE');
  return isBroken ? EXIT.limitsNotMet : EXIT.ok;
}

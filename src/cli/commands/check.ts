import { basename } from 'node:path';
import { Command } from 'commander';
import type { CheckReport } from '../../check/check-results.ts';
import { refuseSameFile } from '../../library/refuse-same-file.ts';
import { EXIT, type ExitCode } from '../exit/exit-code.ts';
import { type LimitFlags, limitsOf, noLimit, withLimitFlags } from '../flags/limit-flags.ts';
import { readResults } from '../input/read-results.ts';
import { printJson, printText } from '../output/stdout.ts';

interface CheckFlags extends LimitFlags {
  json?: boolean;
  markdown?: boolean;
  github?: boolean;
  junit?: string;
  force?: boolean;
  quiet?: boolean;
}

/** `engram-trace check`: holds a results document against limits. */
export function makeCheckCommand(): Command {
  const command = new Command('check').argument('<results>', 'results document of replay or run');
  return withLimitFlags(command)
    .option('--json', 'the checklist as JSON on stdout')
    .option('--markdown', 'the checklist as a Markdown table')
    .option('--github', 'annotations of a GitHub workflow, in front of the checklist')
    .option('--junit <file>', 'write the checklist as JUnit XML too')
    .option('--force', 'replace a JUnit file that exists')
    .action(runCheck);
}

async function runCheck(path: string, flags: CheckFlags): Promise<void> {
  const limits = await limitsOf(flags);
  if (limits === undefined) throw noLimit();
  refuseSameFile([{ flag: '<results>', path }], [{ flag: '--junit', path: flags.junit }]);
  const document = await readResults(path, 'engram-trace check <results>: the JSON that --output wrote');
  const { checkResults } = await import('../../check/check-results.ts');
  const report = checkResults(document, {
    limits,
    failIf: flags.failIf,
    judgeAnyway: flags.judgeAnyway,
  });
  if (flags.junit !== undefined) await writeJunit(flags.junit, path, report, flags.force);
  process.exitCode = exitCodeFor(report, flags.strict);
  await print(report, flags);
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

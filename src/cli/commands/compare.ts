import { Command } from 'commander';
import type { Comparison } from '../../compare/compare-results.ts';
import type { ResultsDocument } from '../../results/document/results-document.ts';
import { EXIT } from '../exit/exit-code.ts';
import { parseRatio } from '../flags/flag-parsers.ts';
import { readResults } from '../input/read-results.ts';
import { printJson, printText } from '../output/stdout.ts';
import { printWarning } from '../output/warnings.ts';

interface CompareFlags {
  aa?: string;
  tolerance: number;
  differentPlans?: boolean;
  judgeAnyway?: boolean;
  json?: boolean;
  quiet?: boolean;
}

const HINT = 'engram-trace compare <baseline> <current>: the JSON that --output wrote';

const NOTHING_COMPARED = 'nothing could be compared: one of the runs has hardly an operation with an answer';

/** `engram-trace compare`: whether one run was slower than another of the same plan. */
export function makeCompareCommand(): Command {
  return new Command('compare')
    .argument('<baseline>', 'results document of the run to compare with')
    .argument('<current>', 'results document of another run of the same plan')
    .option('--aa <file>', 'a second run of the baseline: what these two differ by is no change')
    .option(
      '--tolerance <ratio>',
      'what is slower by no more than this is no regression: 0.05',
      parseRatio,
      0,
    )
    .option('--different-plans', 'compare runs that were not offered the same load')
    .option('--judge-anyway', 'also where one of the runs was not valid')
    .option('--json', 'the comparison as JSON on stdout')
    .action(runCompare);
}

async function runCompare(baseline: string, current: string, flags: CompareFlags): Promise<void> {
  const documents = [await readResults(baseline, HINT), await readResults(current, HINT)] as const;
  const again = flags.aa === undefined ? undefined : await readResults(flags.aa, HINT);
  const { compareResults } = await import('../../compare/compare-results.ts');
  const { tolerance, differentPlans } = flags;
  const comparison = compareResults(...documents, { tolerance, differentPlans, again });
  const isProven = flags.judgeAnyway === true || !documents.some(isInvalid);
  if (!isProven)
    printWarning('one of the runs was not valid, so their difference proves nothing (--judge-anyway)');
  if (comparison.changes.length === 0) printWarning(NOTHING_COMPARED);
  process.exitCode = exitCodeFor(comparison, isProven);
  await print(comparison, flags);
}

async function print(comparison: Comparison, { json, quiet }: CompareFlags): Promise<void> {
  const { comparisonJson, comparisonText } = await import('../../compare/comparison-text.ts');
  if (json) await printJson(comparisonJson(comparison), 2);
  else if (!quiet) await printText(`${comparisonText(comparison)}\n`);
}

function isInvalid(document: unknown): boolean {
  return (document as ResultsDocument).fidelity.verdict === 'invalid';
}

function exitCodeFor({ isRegression, changes }: Comparison, isProven: boolean): number {
  if (!isProven || changes.length === 0) return EXIT.invalidReplay;
  return isRegression ? EXIT.regression : EXIT.ok;
}

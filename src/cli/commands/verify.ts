import { Command } from 'commander';
import type { Trace } from '../../trace/trace.ts';
import type { Verification } from '../../verify/verify-replay.ts';
import { EXIT } from '../exit/exit-code.ts';
import { withInput } from '../input/open-input.ts';
import { readResults } from '../input/read-results.ts';
import { printJson, printText } from '../output/stdout.ts';

interface VerifyFlags {
  trace?: string;
  all?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** `engram-trace verify`: recomputes a results document from its replay log. */
export function makeVerifyCommand(): Command {
  return new Command('verify')
    .argument('<replay-log>', 'what replay --replay-log wrote')
    .argument('<results>', 'results document of the same replay')
    .option('--trace <file>', 'the trace that was replayed: each record sent once, when it was planned')
    .option('--all', 'print every value, not only those that do not agree')
    .option('--json', 'the checklist as JSON on stdout')
    .action(runVerify);
}

async function runVerify(logPath: string, resultsPath: string, flags: VerifyFlags): Promise<void> {
  const document = await readResults(
    resultsPath,
    'the log comes first: engram-trace verify <replay-log> <results>',
  );
  const verify = async (trace: Trace | undefined): Promise<void> => {
    const { verifyReplay } = await import('../../verify/verify-replay.ts');
    const result = await verifyReplay(logPath, document, trace);
    if (!result.agrees) process.exitCode = EXIT.failed;
    await print(result, flags);
  };
  await (flags.trace === undefined ? verify(undefined) : withInput(flags.trace, verify));
}

async function print(result: Verification, flags: VerifyFlags): Promise<void> {
  if (flags.json) {
    const checks = result.checks.map(({ name, inDocument, recomputed, agrees }) => ({
      name,
      in_document: inDocument ?? null,
      recomputed: recomputed ?? null,
      agrees,
    }));
    const { agrees, entries, logDamage, strangers } = result;
    const json = { agrees, operations: entries, log_damage: logDamage, strangers, checks };
    await printJson(json, 2);
  } else if (!flags.quiet) {
    const { checklistText } = await import('../../verify/checklist-text.ts');
    await printText(checklistText(result, flags.all));
  }
}

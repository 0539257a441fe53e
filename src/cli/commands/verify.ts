import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { FRAME_MAGIC, readU32 } from '../../trace/frames/zstd-frame.ts';
import type { Trace } from '../../trace/trace.ts';
import type { Verification } from '../../verify/verify-replay.ts';
import { EXIT } from '../exit/exit-code.ts';
import { withInput } from '../input/open-input.ts';
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
  const document = await readDocument(resultsPath);
  const verify = async (trace: Trace | undefined): Promise<void> => {
    const { verifyReplay } = await import('../../verify/verify-replay.ts');
    const result = await verifyReplay(logPath, document, trace);
    if (!result.agrees) process.exitCode = EXIT.failed;
    await print(result, flags);
  };
  await (flags.trace === undefined ? verify(undefined) : withInput(flags.trace, verify));
}

async function readDocument(path: string): Promise<unknown> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const message = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new EngramTraceError('io', message, { where: path, cause: error });
  });
  if (readU32(bytes, 0) === FRAME_MAGIC) {
    throw new EngramTraceError(
      'usage',
      'it is compressed by zstd, as a replay log is, where the results belong',
      {
        where: path,
        hint: 'the log comes first: engram-trace verify <replay-log> <results>',
      },
    );
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (thrown) {
    throw new EngramTraceError('bad_record', 'it is no JSON', { where: path, cause: thrown });
  }
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

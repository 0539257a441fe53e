import { EngramTraceError } from '../../error.ts';
import { measureTrace } from '../../nearness/trace-measures.ts';
import type { Trace } from '../../trace/trace.ts';
import { translateRecords } from '../../transforms/translate-records.ts';
import { isFolder } from '../input/is-folder.ts';
import { withInput } from '../input/open-input.ts';
import { printJson, printText } from '../output/stdout.ts';
import { reportWarnings } from '../output/warnings.ts';
import { createProgress } from '../people/progress.ts';

/** The flags of `inspect` as far as two traces can be held against each other with them. */
export interface InspectTwoFlags {
  json?: boolean;
  record?: number;
  timeline?: boolean;
  skipDamaged?: boolean;
  quiet?: boolean;
}

/** `engram-trace inspect A B`: how near one trace is to the other. Every record of both is read. */
export async function inspectTwo(a: string, b: string, flags: InspectTwoFlags): Promise<void> {
  await refuseOtherThanTraces(a, b, flags);
  const { traceDistances } = await import('../../nearness/trace-distances.ts');
  const measured = [];
  for (const name of [a, b]) {
    const measures = await withInput(name, (trace) => measure(trace, flags));
    measured.push({ name, measures });
  }
  const [one, two] = measured as [(typeof measured)[0], (typeof measured)[0]];
  const distances = traceDistances(one, two);
  if (flags.json) return printJson(distances, 2);
  const { distancesText } = await import('../../nearness/distances-text.ts');
  await printText(distancesText(distances));
}

async function refuseOtherThanTraces(a: string, b: string, flags: InspectTwoFlags): Promise<void> {
  const flag = flags.timeline ? '--timeline' : flags.record === undefined ? undefined : '--record';
  if (flag !== undefined) {
    throw new EngramTraceError('usage', `${flag} shows one trace, and two are named`, {
      hint: 'leave it out to see how near they are to each other',
    });
  }
  if (a === '-' && b === '-')
    throw new EngramTraceError('usage', 'both traces are stdin, which can be read once');
  for (const name of [a, b]) {
    if (!(await isFolder(name))) continue;
    throw new EngramTraceError('usage', 'an op log can not be held against another trace as it is', {
      where: name,
      hint: 'cut a trace out of it first: engram-trace export --source',
    });
  }
}

async function measure(trace: Trace, flags: InspectTwoFlags) {
  const progress = await createProgress(flags);
  let records = 0;
  const read = trace.records({ ahead: true, onDamage: flags.skipDamaged ? 'skip' : 'throw' });
  const batches = progress.watch(read, () => `inspect: reading ${trace.name}: ${records} records`);
  async function* counted() {
    for await (const batch of translateRecords(trace.header.dialect, batches)) {
      records += batch.length;
      yield batch;
    }
  }
  try {
    return await measureTrace(counted());
  } finally {
    progress.stop();
    reportWarnings(trace, flags);
  }
}

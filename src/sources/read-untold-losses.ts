import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime } from '../iso-time.ts';
import { EngramTraceError } from '../trace/error.ts';
import { hasLoss, type Loss } from '../trace/record.ts';
import { decodeUntoldLosses, isUntoldLossesName, type UntoldLosses } from '../trace/untold-losses.ts';
import type { UnixSpan } from './unix-span.ts';

/** What runs of capture lost and no segment of an op log tells of. */
export interface UntoldInLog {
  readonly losses: readonly Loss[];
  /** One sentence for each run that left something untold, or did not end in order. */
  readonly notes: readonly string[];
}

/** Reads what is untold of a window of the op log in `folder`; without a window, of all of it. A file has none. */
export async function readUntoldLosses(folder: string, window?: UnixSpan): Promise<UntoldInLog> {
  const losses: Loss[] = [];
  const notes: string[] = [];
  const entries = await readdir(folder).catch(() => []);
  for (const name of entries.filter(isUntoldLossesName).sort()) {
    const untold = await readOne(join(folder, name));
    if (typeof untold === 'string') notes.push(`${name}: ${untold}; how much is missing is not known`);
    else if (untold !== undefined && isInWindow(untold, window)) {
      if (hasLoss(untold.loss)) losses.push(untold.loss);
      notes.push(...noteOn(untold, name));
    }
  }
  return { losses, notes };
}

/** A sentence for a file that can't be read; undefined for one that is gone, since its run has just ended in order. */
async function readOne(path: string): Promise<UntoldLosses | string | undefined> {
  try {
    return decodeUntoldLosses(await readFile(path), path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return EngramTraceError.from(thrown, 'io').message;
  }
}

/** Of a run that did not end in order, everything from its last sign of life on may be missing. */
function isInWindow(
  { isEnded, sinceUnixNs, untilUnixNs }: UntoldLosses,
  window: UnixSpan | undefined,
): boolean {
  if (window === undefined) return true;
  return sinceUnixNs < window.endUnixNs && (!isEnded || untilUnixNs >= window.startUnixNs);
}

function noteOn({ runId, isEnded, untilUnixNs, loss }: UntoldLosses, name: string): string[] {
  const until = isoTime(untilUnixNs);
  if (!isEnded)
    return [`run ${runId} is still running or was killed: what came after ${until} may be missing`];
  return hasLoss(loss) ? [`run ${runId} ended at ${until} with losses that only ${name} tells of`] : [];
}

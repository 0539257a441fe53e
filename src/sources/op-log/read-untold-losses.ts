import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngramTraceError } from '../../error.ts';
import {
  decodeUntoldLosses,
  isUntoldLossesName,
  runOfUntoldLosses,
  type UntoldLosses,
} from '../../trace/op-log/untold-losses.ts';
import { emptyLoss } from '../../trace/record/record.ts';
import type { UnixSpan } from '../unix-span.ts';
import { readSegmentName } from './segment-number.ts';

/** What a run of capture told beside its segments, and the time of it. */
export interface KnownUntold extends UntoldLosses, UnixSpan {}

/** Reads what the runs of an op log folder could tell in no block. A damaged file is an error, or one more unknown. */
export async function readUntoldLosses(folder: string, skipDamaged = false): Promise<KnownUntold[]> {
  const found: KnownUntold[] = [];
  for (const name of (await readdir(folder)).filter(isUntoldLossesName).sort()) {
    const path = join(folder, name);
    const bytes = await read(path);
    if (bytes === undefined) continue;
    const losses = bytes.length === 0 ? unfilled(name) : decode(bytes, path, name, skipDamaged);
    found.push({ ...losses, startUnixNs: losses.sinceUnixNs, endUnixNs: losses.untilUnixNs });
  }
  return found;
}

/** Undefined for a file that is gone: a run that ends in order removes its own. */
async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw EngramTraceError.from(thrown, 'io', { where: path });
  }
}

/** Makes the untold losses of a run that has just begun, or that a power cut ended: nothing is known of its end. */
function unfilled(name: string): UntoldLosses {
  const { openedUnixNs = 0n } = readSegmentName(name);
  const times = { sinceUnixNs: openedUnixNs, untilUnixNs: openedUnixNs };
  return { runId: runOfUntoldLosses(name), isEnded: false, ...times, loss: emptyLoss() };
}

function decode(bytes: Uint8Array, path: string, name: string, skipDamaged: boolean): UntoldLosses {
  try {
    return decodeUntoldLosses(bytes, path);
  } catch (thrown) {
    if (!skipDamaged) {
      const { code, message, where } = EngramTraceError.from(thrown, 'corrupt');
      const hint = '--skip-damaged goes on without it, and counts it';
      throw new EngramTraceError(code, message, { where, hint, cause: thrown });
    }
    const { openedUnixNs = 0n } = readSegmentName(name);
    const times = { sinceUnixNs: openedUnixNs, untilUnixNs: openedUnixNs };
    return { runId: '', isEnded: true, ...times, loss: { ...emptyLoss(), segmentsIncomplete: 1 } };
  }
}

import {
  encodeUntoldLosses,
  UNTOLD_LOSSES_BYTES,
  untoldLossesName,
} from '../../trace/op-log/untold-losses.ts';
import { hasLoss, type Loss, type TraceHeader } from '../../trace/record/record.ts';
import type { SegmentFile, SegmentFs } from '../disk/segment-fs.ts';

/** Keeps the file with what a run could write into no block. Calls must not overlap. */
export interface LossFile {
  readonly name: string;
  /** Says that capture lives, and what is untold so far. Throws when that can't be written. */
  keep(loss: Loss, nowNs: number): Promise<void>;
  /** The run is over: what is untold stays in the file; when nothing is, the file goes. */
  end(loss: Loss, nowNs: number): Promise<void>;
}

/** The file is written this often while nothing is lost, so that it tells until when capture was alive. */
const BEAT_NS = 5e9;

/** A file in the folder `fs` for the run that `header` names; its space is taken by the first `keep`. */
export function createLossFile(fs: SegmentFs, { epochUnixNs, runId }: TraceHeader): LossFile {
  const name = untoldLossesName(Number(epochUnixNs / 1_000_000n), runId);
  let file: SegmentFile | undefined;
  let beatNs = Number.NEGATIVE_INFINITY;
  let sinceNs: number | undefined;
  let told = '';

  const unixNs = (ns: number): bigint => epochUnixNs + BigInt(Math.round(ns));
  const isInPlace = async (open: SegmentFile): Promise<boolean> => {
    const look = await open.look().catch(() => undefined);
    return look?.isInPlace === true && look.sizeBytes === UNTOLD_LOSSES_BYTES;
  };
  const opened = async (): Promise<SegmentFile> => {
    if (file !== undefined && (await isInPlace(file))) return file;
    await file?.close().catch(() => {});
    file = undefined;
    await fs.remove(name).catch(() => {}); // cut, or of a thread of this run that died
    file = await fs.create(name);
    return file;
  };
  const write = async (loss: Loss, nowNs: number, isEnded: boolean): Promise<void> => {
    sinceNs = hasLoss(loss) ? (sinceNs ?? nowNs) : undefined;
    const bytes = encodeUntoldLosses({
      runId,
      isEnded,
      sinceUnixNs: unixNs(sinceNs ?? nowNs),
      untilUnixNs: unixNs(nowNs),
      loss,
    });
    const target = await opened();
    await target.write(bytes, 0);
    const now = JSON.stringify([loss, isEnded]);
    if (now !== told) await target.sync();
    told = now;
    beatNs = nowNs;
  };

  return {
    name,
    async keep(loss, nowNs) {
      const isNew = JSON.stringify([loss, false]) !== told;
      if (isNew || nowNs - beatNs >= BEAT_NS) await write(loss, nowNs, false);
    },
    async end(loss, nowNs) {
      if (hasLoss(loss)) await write(loss, nowNs, true);
      await file?.close().catch(() => {}); // it may be gone, or of a process that died
      if (!hasLoss(loss)) await removeIfThere(fs, name);
      file = undefined;
    },
  };
}

/** Removes a file; false where it is gone, perhaps by another relay or capture. */
export async function removeIfThere(fs: SegmentFs, name: string): Promise<boolean> {
  try {
    await fs.remove(name);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    return false;
  }
}

/** A run that is over although nobody closed its files: its process died. */
export interface EndedRun {
  readonly runId: string;
  /** What it lacks may have started from the first of these times on, and not after the second; ns from the run's epoch. */
  readonly sinceNs: number;
  readonly endNs: number;
  /** What it had put into no block, as far as is known. */
  readonly loss: Loss;
}

/** Says in the place of a run that died when it ended: what comes later is not missing from it. */
export async function endRun(fs: SegmentFs, epochUnixNs: bigint, run: EndedRun): Promise<void> {
  const name = untoldLossesName(Number(epochUnixNs / 1_000_000n), run.runId);
  const unixNs = (ns: number): bigint => epochUnixNs + BigInt(Math.round(ns));
  const bytes = encodeUntoldLosses({
    runId: run.runId,
    isEnded: true,
    sinceUnixNs: unixNs(run.sinceNs),
    untilUnixNs: unixNs(run.endNs),
    loss: run.loss,
  });
  await removeIfThere(fs, name);
  const file = await fs.create(name);
  try {
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

import { isUntoldLossesName, runOfUntoldLosses } from '../../trace/op-log/untold-losses.ts';
import type { SegmentInfo } from '../disk/segment-fs.ts';
import { isSegmentName, runOfSegment } from './segment-name.ts';

export interface RetentionLimits {
  /** Segments last written longer ago than this go; undefined keeps them. */
  readonly maxAgeMs: number | undefined;
  /** The oldest go until the folder's segments are this small together; undefined keeps them. */
  readonly maxTotalBytes: number | undefined;
}

/**
 * A file changed more lately than this may be the open segment of another relay or capture. A run that has had nothing to
 * write for longer is known by its file of untold losses, which it writes every few seconds.
 */
const YOUNG_MS = 60_000;

/**
 * Which files to remove, oldest first: segments, and the files of untold losses among them by their age. Files that are
 * not ours, `openNames` and young files stay whatever the limits.
 */
export function planRetention(
  files: readonly SegmentInfo[],
  limits: RetentionLimits,
  openNames: readonly (string | undefined)[],
  nowMs: number,
): string[] {
  const ours = files
    .filter(({ name }) => isSegmentName(name) || isUntoldLossesName(name))
    .sort((a, b) => a.modifiedMs - b.modifiedMs);
  const open = new Set([...openNames, ...openElsewhere(ours, nowMs)]);
  let totalBytes = ours.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const doomed: string[] = [];
  for (const { name, sizeBytes, modifiedMs } of ours) {
    const ageMs = nowMs - modifiedMs;
    const isTooOld = limits.maxAgeMs !== undefined && ageMs > limits.maxAgeMs;
    const isTooMuch = limits.maxTotalBytes !== undefined && totalBytes > limits.maxTotalBytes;
    if (open.has(name) || ageMs < YOUNG_MS || !(isTooOld || isTooMuch)) continue;
    doomed.push(name);
    totalBytes -= sizeBytes;
  }
  return doomed;
}

/** The newest segment of each run that is alive. */
function openElsewhere(files: readonly SegmentInfo[], nowMs: number): string[] {
  const alive = files.filter(
    ({ name, modifiedMs }) => isUntoldLossesName(name) && nowMs - modifiedMs < YOUNG_MS,
  );
  return alive.map((losses) => {
    const run = runOfUntoldLosses(losses.name);
    const names = files.map(({ name }) => name).filter((name) => runOfSegment(name) === run);
    return names.reduce((newest, name) => (name > newest ? name : newest), '');
  });
}

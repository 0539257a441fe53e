import { isUntoldLossesName } from '../../trace/op-log/untold-losses.ts';
import type { SegmentInfo } from '../disk/segment-fs.ts';
import { isSegmentName } from './segment-name.ts';

export interface RetentionLimits {
  /** Segments last written longer ago than this go; undefined keeps them. */
  readonly maxAgeMs: number | undefined;
  /** The oldest go until the folder's segments are this small together; undefined keeps them. */
  readonly maxTotalBytes: number | undefined;
}

/** A file changed more lately than this may be the open segment of another capture. */
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
  let totalBytes = ours.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const doomed: string[] = [];
  for (const { name, sizeBytes, modifiedMs } of ours) {
    const ageMs = nowMs - modifiedMs;
    const isTooOld = limits.maxAgeMs !== undefined && ageMs > limits.maxAgeMs;
    const isTooMuch = limits.maxTotalBytes !== undefined && totalBytes > limits.maxTotalBytes;
    if (openNames.includes(name) || ageMs < YOUNG_MS || !(isTooOld || isTooMuch)) continue;
    doomed.push(name);
    totalBytes -= sizeBytes;
  }
  return doomed;
}

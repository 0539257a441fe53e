import { isSegmentName } from './segment-name.ts';

export interface SegmentInfo {
  readonly name: string;
  readonly sizeBytes: number;
  /** Last change, Unix ms. */
  readonly modifiedMs: number;
}

export interface RetentionLimits {
  /** Segments last written longer ago than this go; undefined keeps them. */
  readonly maxAgeMs: number | undefined;
  /** The oldest go until the folder's segments are this small together; undefined keeps them. */
  readonly maxTotalBytes: number | undefined;
}

/** A file changed more lately than this may be the open segment of another capture. */
const YOUNG_MS = 60_000;

/** Which segments to remove, oldest first. Files that are not ours, `openName` and young files stay whatever the limits. */
export function planRetention(
  files: readonly SegmentInfo[],
  limits: RetentionLimits,
  openName: string | undefined,
  nowMs: number,
): string[] {
  const ours = files.filter(({ name }) => isSegmentName(name)).sort((a, b) => a.modifiedMs - b.modifiedMs);
  let totalBytes = ours.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const doomed: string[] = [];
  for (const { name, sizeBytes, modifiedMs } of ours) {
    const ageMs = nowMs - modifiedMs;
    const isTooOld = limits.maxAgeMs !== undefined && ageMs > limits.maxAgeMs;
    const isTooMuch = limits.maxTotalBytes !== undefined && totalBytes > limits.maxTotalBytes;
    if (name === openName || ageMs < YOUNG_MS || !(isTooOld || isTooMuch)) continue;
    doomed.push(name);
    totalBytes -= sizeBytes;
  }
  return doomed;
}

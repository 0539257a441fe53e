import { parseDurationNs } from '../../duration.ts';
import { EngramTraceError } from '../../error.ts';

/** A window, in ns after the server's start, in which nothing is answered. */
export interface Stall {
  startNs: number;
  endNs: number;
}

/** Reads `2s@10s`: for 2 s, from 10 s after the start. */
export function parseStall(text: string): Stall {
  const [lengthText, startText, extra] = text.split('@');
  if (lengthText === undefined || startText === undefined || extra !== undefined) {
    throw new EngramTraceError('usage', `stall: "${text}" is not a window`, {
      hint: 'Write LENGTH@START, for example 2s@10s.',
    });
  }
  const startNs = parseDurationNs(startText, 'stall');
  return { startNs, endNs: startNs + parseDurationNs(lengthText, 'stall') };
}

/** The first moment at or after `atNs` that lies in no stall. `stalls` is in the order of the starts. */
export function afterStalls(stalls: readonly Stall[], atNs: number): number {
  let freeNs = atNs;
  for (const stall of stalls) if (freeNs >= stall.startNs && freeNs < stall.endNs) freeNs = stall.endNs;
  return freeNs;
}

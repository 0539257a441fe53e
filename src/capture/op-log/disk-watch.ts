import type { SegmentStats } from './segment-stats.ts';

/** Tells people what becomes of the disk, in few words and not too often. */
export interface DiskWatch {
  /** To be called often. `silentNs`: how long the disk has owed an answer. */
  look(nowNs: number, silentNs: number, stats: Readonly<SegmentStats>): void;
}

/** People are told when the disk has been silent for so long. */
export const PATIENCE_MS = 5_000;
const REPEAT_NS = 60e9;

/** Makes a watch that hands each sentence to `tell`. */
export function createDiskWatch(tell: (text: string) => void): DiskWatch {
  const silence = watchSilence(tell);
  const failures = watchFailures(tell);
  let vanished = 0;
  return {
    look(nowNs, silentNs, stats) {
      silence(silentNs);
      failures(nowNs, stats);
      if (stats.vanished > vanished)
        tell(`${stats.lastError}; ${stats.recordsVanished} records are lost so far`);
      vanished = stats.vanished;
    },
  };
}

function watchSilence(tell: (text: string) => void): (silentNs: number) => void {
  let toldNs = 0;
  return (silentNs) => {
    const seconds = Math.round(Math.max(silentNs, toldNs) / 1e9);
    if (toldNs === 0 ? silentNs >= PATIENCE_MS * 1e6 : silentNs - toldNs >= REPEAT_NS) {
      toldNs = silentNs;
      tell(
        `the op log's disk has not answered for ${seconds} s; the traffic goes on, what finds no room is dropped`,
      );
    } else if (toldNs > 0 && silentNs === 0) {
      toldNs = 0;
      tell(`the op log's disk answers again, after more than ${seconds} s`);
    }
  };
}

function watchFailures(tell: (text: string) => void): (nowNs: number, stats: Readonly<SegmentStats>) => void {
  let isFailing = false;
  let toldNs = Number.NEGATIVE_INFINITY;
  let before = { lost: 0, blocks: 0 };
  return (nowNs, { blocksLost, blocks, lastError }) => {
    if (blocksLost > before.lost) {
      if (nowNs - toldNs >= REPEAT_NS) {
        toldNs = nowNs;
        tell(`the op log takes no blocks, ${blocksLost} are lost so far: ${lastError}`);
      }
      isFailing = true;
    } else if (isFailing && blocks > before.blocks) {
      isFailing = false;
      toldNs = Number.NEGATIVE_INFINITY;
      tell(`the op log takes blocks again; ${blocksLost} were lost so far`);
    }
    before = { lost: blocksLost, blocks };
  };
}

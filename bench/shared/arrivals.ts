import { createRandom } from '../support.ts';

/** Length of one burst and the lull after it, and the burst's share of it. */
const CYCLE_S = 0.4;
const BURST_SHARE = 0.25;

/** Start times in ns, `ratePerSec * seconds` of them, evenly spaced. */
export function* constantStarts(ratePerSec: number, seconds: number): Generator<number> {
  const count = Math.round(ratePerSec * seconds);
  for (let i = 0; i < count; i += 1) yield Math.round((i / ratePerSec) * 1e9);
}

/** `count` start times in ns, gaps anywhere from 0 to twice the mean, the same each time. */
export function* unevenStarts(count: number, meanGapNs: number): Generator<number> {
  const random = createRandom(1);
  for (let i = 0, startNs = 0; i < count; i += 1) {
    yield startNs;
    startNs += Math.floor(random() * 2 * meanGapNs);
  }
}

/**
 * `ratePerSec * seconds` of them in bursts, the same each time: a Poisson process whose rate is `factor` times the mean for 100 ms of each
 * 400 ms, and in between what is left of the mean.
 */
export function* burstyStarts(ratePerSec: number, seconds: number, factor: number): Generator<number> {
  const random = createRandom(7);
  const count = Math.round(ratePerSec * seconds);
  const lull = (1 - factor * BURST_SHARE) / (1 - BURST_SHARE);
  if (lull < 0) throw new Error(`bursts of ${factor} times the mean leave nothing for the time between`);
  // A Poisson process at the mean rate, fitted to the time asked for, then put where the rate has room for it.
  const due = new Float64Array(count);
  for (let i = 1; i < count; i += 1) due[i] = (due[i - 1] as number) - Math.log(1 - random());
  const scaleS = (count - 1) / (due[count - 1] || 1) / ratePerSec;
  for (const at of due) yield Math.round(timeOf(at * scaleS, factor, lull) * 1e9);
}

/** When a process of rate 1 in all, `factor` in bursts and `lull` between, has come to `meanS`. Seconds. */
function timeOf(meanS: number, factor: number, lull: number): number {
  const cycles = Math.floor(meanS / CYCLE_S);
  const inCycle = meanS - cycles * CYCLE_S;
  const burstS = CYCLE_S * BURST_SHARE;
  const done = burstS * factor;
  const local = inCycle <= done ? inCycle / factor : burstS + (inCycle - done) / lull;
  return cycles * CYCLE_S + local;
}

import { EngramTraceError } from '../../error.ts';
import { MOST_UPSCALE } from '../../replay/replay-options.ts';
import type { CapacityFlags } from '../flags/capacity-flags.ts';
import { type CapacityLoads, LEAST_SHARE } from './capacity-loads.ts';

/** The first, the least and the most of the loads. */
export interface LoadRange {
  readonly from: number;
  readonly least: number;
  readonly most: number;
}

/** More runs than this are no sweep any more. */
const MOST_STEPS = 1000;

/** Where the flags let the search look. Throws `usage` for a range with nothing in it. */
export function rangeOf(flags: CapacityFlags, loads: CapacityLoads): LoadRange {
  const { rates, from = rates === undefined ? loads.from : Math.min(...rates) } = flags;
  const { most = rates === undefined ? loads.most : Math.max(...rates) } = flags;
  const isOfRate = loads.by === 'rate' && flags.from !== undefined;
  const { least = isOfRate ? from * LEAST_SHARE : Math.min(from, loads.least) } = flags;
  refuseEmpty(flags, { from, least, most }, loads);
  return { from: Math.min(from, most), least, most };
}

/** The loads of a sweep; null for a search. Throws `usage`. */
export function loadsOf(
  { rates, step, most: mostGiven }: CapacityFlags,
  { from, most }: LoadRange,
): number[] | null {
  if (rates !== undefined) return rates;
  if (step === undefined) return null;
  if (mostGiven === undefined)
    throw new EngramTraceError('usage', '--step has no end', { hint: 'say where with --most' });
  const count = Math.floor((most - from) / step + 1e-9) + 1;
  if (count > MOST_STEPS)
    throw new EngramTraceError('usage', `${count} runs are no sweep: at most ${MOST_STEPS}`, {
      hint: 'a larger --step',
    });
  return Array.from({ length: count }, (_, i) => Number((from + i * step).toPrecision(12)));
}

function refuseEmpty(
  { rates, step }: CapacityFlags,
  { from, least, most }: LoadRange,
  { unit, by }: CapacityLoads,
): void {
  if (rates !== undefined && step !== undefined)
    throw new EngramTraceError('usage', '--rates and --step both say which loads: give one');
  if (least > from || least > most)
    throw new EngramTraceError('usage', `no load lies from ${least} (--least) to ${Math.min(from, most)}`);
  const isWhole = unit === 'clients' || unit === 'copies';
  const given = [...(rates ?? []), from, ...(step === undefined ? [] : [step])];
  if (isWhole && !given.every(Number.isInteger))
    throw new EngramTraceError('usage', `${unit} are whole numbers`);
  if (by === 'upscale' && (least < 1 || most > MOST_UPSCALE))
    throw new EngramTraceError('usage', `upscale is a factor from 1 to ${MOST_UPSCALE}`);
}

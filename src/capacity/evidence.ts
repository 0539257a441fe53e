import { type Boundary, fitBoundary } from './fit-boundary.ts';
import { type Probe, worstMargin } from './probe.ts';

/** Where a search may look, and how near is near enough. */
export interface SearchRange {
  /** No load above it is tried: what this generator carries, less a reserve, or what the user said. */
  readonly most: number;
  /** No load below it is tried. */
  readonly least: number;
  /** The width of the interval that is good enough, as a share of the load. */
  readonly within: number;
  /** Loads are whole numbers: copies, clients. */
  readonly isWhole: boolean;
}

/** By so many standard errors a margin has to differ from none before its side is trusted. */
const SURE_SIGMAS = 2;
/** So many probes near a limit say as much as two that are close to it on either side. */
const FEWEST_INSIDE = 6;
/** Bounds of a cliff: on both sides limits are this far away (a factor of 1.5). */
export const CLIFF_MARGIN = Math.log(1.5);

/** What valid probes say together. */
export class Evidence {
  readonly #valid: readonly Probe[];
  readonly #range: SearchRange;
  /** The mean worst margin of each load, by the load. */
  readonly means: readonly { load: number; margin: number }[];

  constructor(probes: readonly Probe[], range: SearchRange) {
    this.#valid = probes.filter(({ kind }) => kind === 'valid');
    this.#range = range;
    const loads = [...new Set(this.#valid.map(({ load }) => load))].sort((a, b) => a - b);
    this.means = loads.map((load) => {
      const margins = this.#valid.filter((probe) => probe.load === load).map(worstMargin);
      return { load, margin: margins.reduce((sum, each) => sum + each, 0) / margins.length };
    });
  }

  /** The highest load that held below the lowest that did not. */
  get held(): number | undefined {
    const breached = this.breached ?? Infinity;
    return this.means.findLast(({ margin, load }) => margin >= 0 && load < breached)?.load;
  }

  get breached(): number | undefined {
    return this.means.find(({ margin }) => margin < 0)?.load;
  }

  /** No load held above one that did not. */
  get isMonotone(): boolean {
    const highestHeld = this.means.findLast(({ margin }) => margin >= 0)?.load ?? 0;
    return highestHeld < (this.breached ?? Infinity);
  }

  /**
   * The highest load that holds and the lowest that does not, of those whose margin is no chance: a run that is near a limit
   * falls on either side of it.
   */
  sureBracket(): readonly [held: number, breached: number] {
    const sure = this.means.filter(
      ({ margin, load }) => Math.abs(margin) > SURE_SIGMAS * this.#sigmaAt(load),
    );
    const high = sure.find(({ margin }) => margin < 0)?.load ?? this.#range.most;
    const low = sure.findLast(({ margin, load }) => margin >= 0 && load < high)?.load;
    return [low ?? this.#range.least, Math.min(this.#range.most, high)];
  }

  boundary(): Boundary | null {
    const boundary = fitBoundary(this.#valid);
    if (boundary === undefined) return null;
    const factor = Math.exp(this.#blur());
    const { load, low, high } = boundary;
    return { ...boundary, low: Math.min(low, load / factor), high: Math.max(high, load * factor) };
  }

  /** The load that held and the one that did not are so many times as near to each other as was asked. */
  isNarrow(times: number): boolean {
    const { within, isWhole } = this.#range;
    const [held, breached] = this.sureBracket();
    return breached / held - 1 <= within / times || (isWhole && breached - held <= 1);
  }

  /**
   * The interval is as narrow as was asked, and its place was looked at: from near on both sides, or, where runs fall on either
   * side of a limit by chance, often enough between.
   */
  get isSure(): boolean {
    const boundary = this.boundary();
    if (boundary === null || (boundary.high - boundary.low) / boundary.load > this.#range.within)
      return false;
    return this.isNarrow(1) || this.#insideOf(this.sureBracket()).length >= FEWEST_INSIDE;
  }

  /**
   * On the side that holds limits are far away up to the edge, and do not come nearer as fast as they would have to; behind it
   * they are broken by far.
   */
  isCliff(times: number): boolean {
    if (!this.isNarrow(times)) return false;
    const edge = this.means.findIndex(({ margin }) => margin < 0);
    const [before, good, bad] = [this.means[edge - 2], this.means[edge - 1], this.means[edge]];
    if (good === undefined || bad === undefined) return false;
    if (good.margin < CLIFF_MARGIN || bad.margin > -CLIFF_MARGIN) return false;
    if (before === undefined) return true;
    const slope = (good.margin - before.margin) / Math.log(good.load / before.load);
    return good.margin + slope * Math.log(bad.load / good.load) > CLIFF_MARGIN / 2;
  }

  #insideOf([held, breached]: readonly [number, number]): readonly Probe[] {
    return this.#valid.filter(({ load }) => load > held && load < breached);
  }

  /** Standard error of a load's mean margin, by resampling; 0 where nothing was resampled. */
  #sigmaAt(load: number): number {
    const runs = this.#valid.filter((probe) => probe.load === load);
    const variances = runs.map(({ margins }) => {
      const worst = margins.reduce((a, b) => (b.margin < a.margin ? b : a));
      return varianceOf(worst.resampled);
    });
    return Math.sqrt(variances.reduce((sum, each) => sum + each, 0)) / runs.length;
  }

  /**
   * How far the boundary may be off, in logarithms of the load: where limits come nearer only slowly, chance moves it by
   * more than the steps of an isotonic fit show. The standard error of margins between the sure ends, by their slope; such a
   * fit comes nearer with the cube root of the number of runs only (Brunk 1970).
   */
  #blur(): number {
    const [held, breached] = this.sureBracket();
    const marginAt = (load: number): number => this.means.find((each) => each.load === load)?.margin ?? 0;
    const slope = (marginAt(held) - marginAt(breached)) / Math.log(breached / held);
    const inside = this.means.filter(({ load }) => load > held && load < breached);
    if (inside.length === 0 || !(slope > 0)) return 0;
    const sigma = Math.max(...inside.map(({ load }) => this.#sigmaAt(load)));
    return (SURE_SIGMAS * sigma) / slope / Math.cbrt(inside.length);
  }
}

function varianceOf(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  return values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length;
}

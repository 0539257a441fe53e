import { CLIFF_MARGIN, Evidence, type SearchRange } from './evidence.ts';
import type { Boundary } from './fit-boundary.ts';
import { type LimitedBy, limitedBy } from './limited-by.ts';
import { holds, type Probe, worstMargin } from './probe.ts';

/** What is searched, and how. */
export interface CapacitySearch extends SearchRange {
  /** Runs the load once and says what it showed. Rejects where no run is possible. */
  probe(load: number): Promise<Probe>;
  /** The first load. */
  readonly from: number;
  readonly maxProbes: number;
  /** True: no more probes. */
  isStopped?(): boolean;
}

/** What kind of end the search has. */
export type BoundaryType =
  /** A limit is reached gradually: `capacity` is where. */
  | 'smooth'
  /** The server falls off at some load between two: no number is truer than these. */
  | 'cliff'
  /** A load that held does not hold again once the server was overloaded. */
  | 'metastable'
  /** The limits hold as far as this generator, or the user, lets the load go. */
  | 'not_reached'
  /** No load held, down to the lowest. */
  | 'never_held'
  /** Too few valid runs, or too few probes, to say. */
  | 'unknown';

/** What a search found. */
export interface Capacity {
  readonly type: BoundaryType;
  /** Null where there is no single number. */
  readonly boundary: Boundary | null;
  /** The highest load that held, and the lowest that did not. */
  readonly held: number | null;
  readonly breached: number | null;
  /** What stopped the load from going higher. */
  readonly limitedBy: LimitedBy;
  /** A higher load held, and a lower one did not. */
  readonly isMonotone: boolean;
  readonly probes: readonly Probe[];
}

/** A run that was invalid is repeated so often. */
const MOST_TRIES = 3;
/** A load that held has to fail so often again before it is no chance. */
const RECOVERY_TRIES = 2;
/** What looks like a cliff is looked at so much closer: a queue that is nearly full is only steep. */
const CLOSER = 8;

/**
 * Finds the highest load at which every limit holds. Doubles the load until a limit is broken, sees whether what held before
 * holds again, probes three times inside, and then at the boundary that fits best, until its interval is narrow enough. Runs
 * that are not valid are repeated and never scored.
 */
export async function searchCapacity(search: CapacitySearch): Promise<Capacity> {
  return new Search(search).run();
}

class Search {
  readonly #search: CapacitySearch;
  readonly #probes: Probe[] = [];
  #isGeneratorBound = false;

  constructor(search: CapacitySearch) {
    this.#search = search;
  }

  async run(): Promise<Capacity> {
    const held = await this.#bracket();
    if (held === undefined) return this.#unbracketed();
    if (!(await this.#recovers(held))) {
      const overload = this.#probes.find(({ kind, load }) => kind === 'valid' && load > held);
      return { ...this.#result('metastable', null), held, breached: overload?.load ?? null };
    }
    for (const share of [0.5, 0.25, 0.75]) {
      if (this.#mayGoOn) await this.#probe(this.#between(this.#evidence, share));
    }
    while (this.#mayGoOn) {
      const evidence = this.#evidence;
      const isSteep = evidence.isCliff(1);
      if (isSteep && evidence.isCliff(CLOSER)) return this.#result('cliff', null);
      if (!isSteep && evidence.isSure) return this.#result('smooth', evidence.boundary());
      await this.#probe(this.#candidate(evidence));
    }
    const boundary = this.#evidence.boundary();
    return this.#result(
      this.#evidence.isCliff(1) ? 'cliff' : boundary === null ? 'unknown' : 'smooth',
      boundary,
    );
  }

  get #mayGoOn(): boolean {
    return this.#probes.length < this.#search.maxProbes && this.#search.isStopped?.() !== true;
  }

  get #evidence(): Evidence {
    return new Evidence(this.#probes, this.#search);
  }

  /**
   * Doubles, or halves where the first load is too much already, until there is one that does not hold; the highest that does.
   * Undefined where there are not both.
   */
  async #bracket(): Promise<number | undefined> {
    const { from, most, least } = this.#search;
    let load = Math.min(from, most);
    let held: number | undefined;
    let hasBreached = false;
    while (this.#mayGoOn) {
      const probe = await this.#probe(load);
      if (probe === undefined) return undefined;
      if (holds(probe)) {
        held = Math.max(held ?? 0, load);
        if (hasBreached) return held;
        if (load >= most) return undefined;
        load = this.#rounded(load * 2);
      } else {
        hasBreached = true;
        if (held !== undefined) return held;
        if (load <= least) return undefined;
        load = this.#rounded(load / 2);
      }
    }
    return undefined;
  }

  #unbracketed(): Capacity {
    const { held, breached, means } = this.#evidence;
    if (held !== undefined && breached === undefined) {
      const isEnd = this.#isGeneratorBound || held >= this.#search.most;
      return this.#result(isEnd ? 'not_reached' : 'unknown', null);
    }
    const isLowest = means[0] !== undefined && means[0].load <= this.#search.least;
    return this.#result(held === undefined && isLowest ? 'never_held' : 'unknown', null);
  }

  /** What held before the first overload has to hold again; one that was near its limit may fail by chance. */
  async #recovers(load: number): Promise<boolean> {
    for (let attempt = 0; attempt < RECOVERY_TRIES; attempt += 1) {
      if (!this.#mayGoOn) return true;
      const before = this.#probes.find((probe) => probe.load === load && probe.kind === 'valid');
      const again = await this.#probe(load);
      if (again === undefined || holds(again)) return true;
      // It was at its limit: that it fails now proves nothing.
      if (before !== undefined && holds(before) && worstMargin(before) < CLIFF_MARGIN) return true;
    }
    return false;
  }

  /** Runs a load until the run is valid; undefined where it never is. */
  async #probe(load: number): Promise<Probe | undefined> {
    for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
      if (!this.#mayGoOn) return undefined;
      const probe = await this.#search.probe(load);
      this.#probes.push(probe);
      if (probe.kind === 'valid') return probe;
      if (probe.kind === 'generator') this.#isGeneratorBound = true;
    }
    return undefined;
  }

  /** A load inside the bracket, on a scale of factors. */
  #between(evidence: Evidence, share: number): number {
    const [low, high] = evidence.sureBracket();
    return this.#rounded(low * (high / low) ** share);
  }

  /** Where to look next: at the fitted boundary by turns with the bracket's middle, which makes it narrower for certain. */
  #candidate(evidence: Evidence): number {
    const fitted = evidence.boundary()?.load;
    const middle = this.#between(evidence, 0.5);
    if (fitted === undefined || evidence.isCliff(1)) return middle;
    const [held, breached] = evidence.sureBracket();
    const isInside = fitted > held && fitted < breached;
    return isInside && (evidence.isNarrow(1) || this.#probes.length % 2 === 0)
      ? this.#rounded(fitted)
      : middle;
  }

  #rounded(load: number): number {
    const { isWhole, least, most } = this.#search;
    const rounded = isWhole ? Math.round(load) : Number(load.toPrecision(4));
    return Math.min(most, Math.max(least, rounded));
  }

  #result(type: BoundaryType, boundary: Boundary | null): Capacity {
    const { held = null, breached = null, isMonotone } = this.#evidence;
    const isGeneratorBound = this.#isGeneratorBound;
    return {
      type,
      boundary: type === 'smooth' ? boundary : null,
      held,
      breached,
      limitedBy: limitedBy(breached, { isGeneratorBound, isAtEnd: type === 'not_reached' }),
      isMonotone,
      probes: this.#probes,
    };
  }
}

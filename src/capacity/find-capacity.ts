import type { LimitWords } from '../check/parse-limit.ts';
import { parseFailIf, parseLimit } from '../check/parse-limit.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { answerOf } from './answer-of.ts';
import { type CapacityDocument, type ProbeEntry, probeEntry, probeOfEntry } from './capacity-document.ts';
import { Evidence, type SearchRange } from './evidence.ts';
import type { Probe } from './probe.ts';
import { probeOfResults } from './probe-of-results.ts';
import { type Capacity, searchCapacity } from './search-capacity.ts';
import { sweepLoads } from './sweep-loads.ts';

/** What has to hold, as people wrote it. */
export interface WantedLimits {
  readonly limits: readonly LimitWords[];
  readonly failIf: readonly string[];
}

/** What a search needs of the world. */
export interface CapacityWorld {
  /** Plays the load once. */
  play(load: number): Promise<ResultsDocument>;
  /** The server's rest between two runs. */
  pause(): Promise<void>;
  /** Keeps the document as it is now. */
  save(document: CapacityDocument): Promise<void>;
  /** Keeps the results of a probe; where, or null for nowhere. */
  keep(document: ResultsDocument, number: number, load: number): Promise<string | null>;
  isStopped(): boolean;
  onProbe?(entry: ProbeEntry, number: number): void;
}

/**
 * Searches as `begun.searched` says, run by run, and gives the document with its answer; probes that `begun` has are not
 * run again. A run that is cut off is in none of it.
 */
export async function findCapacity(
  begun: CapacityDocument,
  wanted: WantedLimits,
  world: CapacityWorld,
): Promise<CapacityDocument> {
  const { searched } = begun;
  const range: SearchRange = {
    least: searched.least,
    most: searched.most ?? Infinity,
    within: searched.within,
    isWhole: searched.unit === 'clients' || searched.unit === 'copies',
  };
  const runs = new Runs(begun, wanted, range, world);
  const how = {
    ...range,
    probe: (load: number) => runs.probe(load),
    isStopped: () => world.isStopped(),
  };
  const found =
    searched.loads === null
      ? await searchCapacity({ ...how, from: searched.from, maxProbes: searched.max_probes })
      : await sweepLoads({ ...how, loads: searched.loads.filter((load) => load <= range.most) });
  const isShort = world.isStopped() && !isDecided(found);
  // Of a sweep whose loads are all more than this machine sends, none was run.
  const isAtEnd = found.limitedBy === 'range' || (found.probes.length === 0 && !world.isStopped());
  const isByGenerator = isAtEnd && endsByGenerator(begun);
  return runs.document(
    isShort ? 'interrupted' : 'complete',
    isByGenerator ? { ...found, limitedBy: 'generator' } : found,
  );
}

/** Where the range ends is what this machine sends, less its reserve, and no wish of anybody's. */
function endsByGenerator({ generator, searched }: CapacityDocument): boolean {
  if (generator?.bounds !== true) return false;
  return searched.loads === null || searched.loads.some((load) => load > generator.most);
}

/** A search that was stopped has no more than a guess where its interval would have become narrow. */
function isDecided({ type }: Capacity): boolean {
  return type === 'cliff' || type === 'metastable' || type === 'never_held' || type === 'not_reached';
}

class Runs {
  readonly #begun: CapacityDocument;
  readonly #wanted: WantedLimits;
  readonly #range: SearchRange;
  readonly #world: CapacityWorld;
  readonly #known: ProbeEntry[];
  readonly #entries: ProbeEntry[] = [];
  #hasPlayed = false;

  constructor(begun: CapacityDocument, wanted: WantedLimits, range: SearchRange, world: CapacityWorld) {
    this.#begun = begun;
    this.#wanted = wanted;
    this.#range = range;
    this.#world = world;
    this.#known = [...begun.probes];
  }

  async probe(load: number): Promise<Probe> {
    const place = this.#known.findIndex((entry) => entry.load === load);
    const known = place < 0 ? undefined : this.#known.splice(place, 1)[0];
    if (known !== undefined) {
      this.#entries.push(known);
      return probeOfEntry(known);
    }
    return this.#play(load);
  }

  async #play(load: number): Promise<Probe> {
    const world = this.#world;
    const interrupted: Probe = { load, kind: 'invalid', margins: [], why: 'it was interrupted' };
    if (this.#hasPlayed) await world.pause();
    if (world.isStopped()) return interrupted;
    this.#hasPlayed = true;
    const document = await world.play(load);
    if (document.summary.stop === 'interrupted') return interrupted;
    const { limits, failIf } = this.#wanted;
    const probe = probeOfResults(load, document, [
      ...limits.map((each) => parseLimit(each, document)),
      ...failIf.map((each) => parseFailIf(each, document)),
    ]);
    const number = this.#entries.length + 1;
    const entry = probeEntry(probe, document, await world.keep(document, number, load));
    this.#entries.push(entry);
    world.onProbe?.(entry, number);
    await world.save(this.document('interrupted', soFar(this.#entries.map(probeOfEntry), this.#range)));
    // What is in the document, so that a search that is gone on with sees the same.
    return probeOfEntry(entry);
  }

  document(status: CapacityDocument['status'], found: Capacity): CapacityDocument {
    // Probes of an earlier search that this one did not come to stay: they are measured.
    const probes = [...this.#entries, ...this.#known];
    return { ...this.#begun, status, answer: answerOf(found, probes), probes };
  }
}

/** What some of the runs show, before the search is at its end. */
function soFar(probes: readonly Probe[], range: SearchRange): Capacity {
  const { held = null, breached = null, isMonotone } = new Evidence(probes, range);
  return { type: 'unknown', boundary: null, held, breached, limitedBy: null, isMonotone, probes };
}

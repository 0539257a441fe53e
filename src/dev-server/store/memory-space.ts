import type { Activity } from '../activity-feed.ts';
import type { Recalled, StoredMemory } from './stored-memory.ts';
import { TextIndex } from './text-index.ts';
import { toUnitVector, type UnitVector, VectorTable } from './vector-table.ts';
import { HOT_STRENGTH, WarmTier } from './warm-tier.ts';

/** A write, already validated. */
export interface NewMemory {
  id: string;
  content: string;
  /** 768 values. */
  embedding: ArrayLike<number>;
  /** 0 to 1. */
  confidence: number;
  /** Observation time, Unix ms. */
  whenMs: number;
  whereLocation?: string | undefined;
  who?: readonly string[] | undefined;
}

export interface StoreOutcome {
  /** `dropped`: a near-duplicate of at least the same confidence is there. `replaced`: it was weaker. */
  kind: 'stored' | 'dropped' | 'replaced';
  strength: number;
}

/** `hot` lists every memory that is not forgotten, also those of the warm tier: as in the real server. */
export type Tier = 'hot' | 'warm';

interface Match {
  row: number;
  confidence: number;
}

const DUPLICATE_SIMILARITY = 0.95;
const MAX_EMBEDDING_RESULTS = 100;
const MAX_TEXT_RESULTS = 75;

/** The memories of one space. */
export class MemorySpace {
  readonly id: string;
  readonly createdMs: number;
  readonly #capacity: number;
  readonly #publish: ((activity: Activity) => void) | undefined;
  readonly #byId = new Map<string, StoredMemory>();
  readonly #byRow: (StoredMemory | undefined)[] = [];
  readonly #vectors = new VectorTable();
  readonly #texts = new TextIndex();
  readonly #warm = new WarmTier();

  constructor(
    id: string,
    createdMs: number,
    capacity: number,
    publish?: ((activity: Activity) => void) | undefined,
  ) {
    this.id = id;
    this.createdMs = createdMs;
    this.#capacity = capacity;
    this.#publish = publish;
  }

  /** Memories that are not forgotten, strong and weak. */
  get count(): number {
    return this.#byId.size;
  }

  /** Weak memories, forgotten ones among them. */
  get warmCount(): number {
    return this.#warm.count;
  }

  /** Stores unless a near-duplicate of at least the same confidence is there; a weaker one is replaced. */
  store(memory: NewMemory): StoreOutcome {
    const strength = Math.fround(memory.confidence * (1 - (0.5 * this.count) / this.#capacity));
    const vector = toUnitVector(memory.embedding);
    const duplicate = this.#vectors.bestMatch(vector, DUPLICATE_SIMILARITY);
    const old = duplicate && this.#byRow[duplicate.row];
    if (old && memory.confidence <= old.confidence) {
      return { kind: 'dropped', strength: Math.fround(0.9 * strength) };
    }
    if (old) this.#remove(old);
    const same = this.#byId.get(memory.id);
    if (same) this.#remove(same);
    const stored = this.#insert(memory, vector, strength);
    if (this.count > this.#capacity) this.#evict();
    this.#publish?.({ kind: 'stored', memory: stored });
    return { kind: old ? 'replaced' : 'stored', strength };
  }

  get(id: string): StoredMemory | undefined {
    return this.#byId.get(id);
  }

  /** Forgets it; the warm tier, as the real one, still recalls what it holds. */
  forget(id: string): boolean {
    const memory = this.#byId.get(id);
    if (!memory) return false;
    this.#warm.update({ ...memory, kept: this.embeddingOf(memory) });
    this.#removeHot(memory);
    return true;
  }

  /** A page of the tiers named, one after the other, each in the order of arrival. */
  list(tiers: readonly Tier[], offset: number, limit: number): StoredMemory[] {
    const page: StoredMemory[] = [];
    let skip = offset;
    for (const tier of tiers) {
      for (const memory of tier === 'hot' ? this.#byId.values() : this.#warm.values()) {
        if (page.length >= limit) return page;
        if (skip-- <= 0) page.push(memory);
      }
    }
    return page;
  }

  /** The embedding as it was given, to rounding. */
  embeddingOf(memory: StoredMemory): Float32Array {
    return memory.kept ?? this.#vectors.read(memory.row);
  }

  /**
   * Strong memories by cosine and weak ones whatever the cue, best first, at most 100. Where there are none, all
   * memories by cosine.
   */
  recallByEmbedding(embedding: ArrayLike<number>, threshold: number): Recalled[] {
    const matches = this.#vectors
      .matches(toUnitVector(embedding), threshold)
      .map(({ row, similarity }) => ({ row, confidence: similarity }));
    const tiered = this.#fromTiers(matches, threshold, MAX_EMBEDDING_RESULTS);
    return this.#told(tiered.length > 0 ? tiered : this.#ranked(matches, MAX_EMBEDDING_RESULTS));
  }

  /** Recalls by text, at most 75 memories; an exact id counts where nothing matches by text. */
  recallByText(query: string, threshold: number): Recalled[] {
    const strict = this.#texts.search(query, threshold);
    const tiered = this.#fromTiers(strict, threshold, MAX_TEXT_RESULTS);
    return this.#told(tiered.length > 0 ? tiered : this.#textFallback(query, threshold, strict));
  }

  #textFallback(query: string, threshold: number, strict: Match[]): Recalled[] {
    if (strict.length > 0) return this.#ranked(strict, MAX_TEXT_RESULTS);
    const loose = this.#texts.searchLoosely(query, threshold);
    const named = this.#byId.get(query);
    if (!named) return this.#ranked(loose, MAX_TEXT_RESULTS);
    const others = loose.filter(({ row }) => row !== named.row);
    return this.#ranked([{ row: named.row, confidence: 1 }, ...others], MAX_TEXT_RESULTS);
  }

  #fromTiers(matches: readonly Match[], threshold: number, limit: number): Recalled[] {
    const isHot = ({ row }: Match) => (this.#byRow[row]?.activation ?? 0) >= HOT_STRENGTH;
    const hot = this.#ranked(matches.filter(isHot), limit);
    const warm = this.#warm.recall(threshold, limit);
    return [...hot, ...warm].sort((a, b) => b.confidence - a.confidence).slice(0, limit);
  }

  #told(found: Recalled[]): Recalled[] {
    this.#publish?.({ kind: 'recalled', found });
    return found;
  }

  #ranked(matches: Match[], limit: number): Recalled[] {
    const best = matches.sort((a, b) => b.confidence - a.confidence || a.row - b.row).slice(0, limit);
    return best.flatMap(({ row, confidence }) => {
      const memory = this.#byRow[row];
      return memory ? [{ memory, confidence }] : [];
    });
  }

  #insert(memory: NewMemory, vector: UnitVector, activation: number): StoredMemory {
    const row = this.#vectors.add(vector);
    const { id, content, confidence, whenMs, whereLocation, who = [] } = memory;
    const stored = { id, content, confidence, whenMs, whereLocation, who, activation, row };
    this.#byId.set(id, stored);
    this.#byRow[row] = stored;
    this.#texts.add(row, content);
    if (activation < HOT_STRENGTH) this.#warm.add(stored);
    else this.#warm.remove(id);
    return stored;
  }

  #remove(memory: StoredMemory): void {
    this.#warm.remove(memory.id);
    this.#removeHot(memory);
  }

  #removeHot(memory: StoredMemory): void {
    this.#byId.delete(memory.id);
    this.#byRow[memory.row] = undefined;
    this.#texts.remove(memory.row);
    this.#vectors.remove(memory.row);
  }

  #evict(): void {
    let weakest: StoredMemory | undefined;
    for (const memory of this.#byId.values()) {
      if (!weakest || memory.activation < weakest.activation) weakest = memory;
    }
    if (weakest) this.#remove(weakest);
  }
}

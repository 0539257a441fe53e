import { TextIndex } from './text-index.ts';
import { toUnitVector, type UnitVector, VectorTable } from './vector-table.ts';

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

export interface StoredMemory {
  readonly id: string;
  readonly content: string;
  readonly confidence: number;
  readonly whenMs: number;
  readonly whereLocation: string | undefined;
  readonly who: readonly string[];
  /** Strength it was stored with; the lowest is evicted first. */
  readonly activation: number;
  readonly row: number;
}

export interface Recalled {
  memory: StoredMemory;
  confidence: number;
}

export interface StoreOutcome {
  /** `dropped`: a near-duplicate of at least the same confidence is there. `replaced`: it was weaker. */
  kind: 'stored' | 'dropped' | 'replaced';
  strength: number;
}

const DUPLICATE_SIMILARITY = 0.95;
const MAX_EMBEDDING_RESULTS = 100;
const MAX_TEXT_RESULTS = 75;

/** The memories of one space. */
export class MemorySpace {
  readonly id: string;
  readonly createdMs: number;
  readonly #capacity: number;
  readonly #byId = new Map<string, StoredMemory>();
  readonly #byRow: (StoredMemory | undefined)[] = [];
  readonly #vectors = new VectorTable();
  readonly #texts = new TextIndex();

  constructor(id: string, createdMs: number, capacity: number) {
    this.id = id;
    this.createdMs = createdMs;
    this.#capacity = capacity;
  }

  get count(): number {
    return this.#byId.size;
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
    this.delete(memory.id);
    this.#insert(memory, vector, strength);
    if (this.count > this.#capacity) this.#evict();
    return { kind: old ? 'replaced' : 'stored', strength };
  }

  get(id: string): StoredMemory | undefined {
    return this.#byId.get(id);
  }

  delete(id: string): boolean {
    const memory = this.#byId.get(id);
    if (memory) this.#remove(memory);
    return memory !== undefined;
  }

  /** In the order of arrival. */
  list(offset: number, limit: number): StoredMemory[] {
    const page: StoredMemory[] = [];
    let skip = offset;
    for (const memory of this.#byId.values()) {
      if (page.length >= limit) break;
      if (skip-- <= 0) page.push(memory);
    }
    return page;
  }

  /** The embedding as it was given, to rounding. */
  embeddingOf(memory: StoredMemory): Float32Array {
    return this.#vectors.read(memory.row);
  }

  /** By cosine, best first, at most 100. */
  recallByEmbedding(embedding: ArrayLike<number>, threshold: number): Recalled[] {
    const matches = this.#vectors.matches(toUnitVector(embedding), threshold);
    return this.#ranked(
      matches.map(({ row, similarity }) => ({ row, confidence: similarity })),
      MAX_EMBEDDING_RESULTS,
    );
  }

  /** By text, best first, at most 75; an exact id counts where nothing matches by text. */
  recallByText(query: string, threshold: number): Recalled[] {
    const strict = this.#texts.search(query, threshold);
    if (strict.length > 0) return this.#ranked(strict, MAX_TEXT_RESULTS);
    const loose = this.#texts.searchLoosely(query, threshold);
    const named = this.#byId.get(query);
    if (!named) return this.#ranked(loose, MAX_TEXT_RESULTS);
    const others = loose.filter(({ row }) => row !== named.row);
    return this.#ranked([{ row: named.row, confidence: 1 }, ...others], MAX_TEXT_RESULTS);
  }

  #ranked(matches: { row: number; confidence: number }[], limit: number): Recalled[] {
    const best = matches.sort((a, b) => b.confidence - a.confidence || a.row - b.row).slice(0, limit);
    return best.flatMap(({ row, confidence }) => {
      const memory = this.#byRow[row];
      return memory ? [{ memory, confidence }] : [];
    });
  }

  #insert(memory: NewMemory, vector: UnitVector, activation: number): void {
    const row = this.#vectors.add(vector);
    const { id, content, confidence, whenMs, whereLocation, who = [] } = memory;
    const stored = { id, content, confidence, whenMs, whereLocation, who, activation, row };
    this.#byId.set(id, stored);
    this.#byRow[row] = stored;
    this.#texts.add(row, content);
  }

  #remove(memory: StoredMemory): void {
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

/** A memory as a space keeps it. */
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
  /** Its embedding, where the memory is forgotten and its row may be another's. */
  readonly kept?: Float32Array;
}

/** A memory that a recall found, and how well it fits the cue. */
export interface Recalled {
  memory: StoredMemory;
  confidence: number;
}

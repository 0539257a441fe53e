import type { StoredMemory } from './stored-memory.ts';

/** Strength (a 32-bit float) from which a memory is in the hot tier, where cues are compared with it. */
export const HOT_STRENGTH = Math.fround(0.7);
/** A warm memory comes back with this part of its confidence. */
const WARM_SHARE = 0.95;

/**
 * Where all weaker memories go: it compares nothing with a cue, and gives whatever is confident enough, also what was
 * forgotten since.
 */
export class WarmTier {
  readonly #byId = new Map<string, StoredMemory>();
  /** The most confident first, then in the order of arrival. */
  readonly #ranked: StoredMemory[] = [];

  get count(): number {
    return this.#ranked.length;
  }

  add(memory: StoredMemory): void {
    this.remove(memory.id);
    this.#byId.set(memory.id, memory);
    this.#ranked.splice(this.#placeBelow(memory.confidence), 0, memory);
  }

  remove(id: string): void {
    const memory = this.#byId.get(id);
    if (!memory) return;
    this.#byId.delete(id);
    this.#ranked.splice(this.#ranked.indexOf(memory), 1);
  }

  /** Puts another account of the same memory in the place of what is there. */
  update(memory: StoredMemory): void {
    const old = this.#byId.get(memory.id);
    if (!old) return;
    this.#byId.set(memory.id, memory);
    this.#ranked[this.#ranked.indexOf(old)] = memory;
  }

  /** At most `limit` memories whose stored confidence is at least `threshold`. */
  recall(threshold: number, limit: number): { memory: StoredMemory; confidence: number }[] {
    const found: { memory: StoredMemory; confidence: number }[] = [];
    for (const memory of this.#ranked) {
      if (found.length === limit || memory.confidence < threshold) break;
      found.push({ memory, confidence: Math.fround(WARM_SHARE * memory.confidence) });
    }
    return found;
  }

  /** In the order of arrival. */
  values(): IterableIterator<StoredMemory> {
    return this.#byId.values();
  }

  /** Where something of this confidence goes: after all that is at least as confident. */
  #placeBelow(confidence: number): number {
    let low = 0;
    let high = this.#ranked.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranked[middle] as StoredMemory).confidence >= confidence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

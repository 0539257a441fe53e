export interface TextMatch {
  row: number;
  /** 0 to 1, by the rules of `search`. */
  confidence: number;
}

interface Entry {
  lower: string;
  words: ReadonlySet<string>;
}

/** Text by row, with a list of rows for each word. */
export class TextIndex {
  readonly #entries = new Map<number, Entry>();
  readonly #postings = new Map<string, Set<number>>();

  add(row: number, text: string): void {
    const lower = text.toLowerCase();
    const words = wordSet(lower);
    this.#entries.set(row, { lower, words });
    for (const word of words) {
      const rows = this.#postings.get(word);
      if (rows) rows.add(row);
      else this.#postings.set(word, new Set([row]));
    }
  }

  remove(row: number): void {
    for (const word of this.#entries.get(row)?.words ?? []) {
      const rows = this.#postings.get(word);
      rows?.delete(row);
      if (rows?.size === 0) this.#postings.delete(word);
    }
    this.#entries.delete(row);
  }

  /** Query in the text: 1. Text in the query: 0.8. Otherwise shared words over all words (Jaccard). */
  search(query: string, threshold: number): TextMatch[] {
    const lower = query.toLowerCase();
    const found = new Map<number, number>();
    for (const [row, shared] of this.#sharedWords(wordSet(lower))) found.set(row, shared.jaccard);
    for (const [row, entry] of this.#entries) {
      if (entry.lower.includes(lower)) found.set(row, 1);
      else if (isIn(entry.lower, lower)) found.set(row, 0.8);
    }
    return atLeast(found, threshold);
  }

  /** The looser rules of the fallback. Text in the query: 0.7. Otherwise half the share of the query's words. */
  searchLoosely(query: string, threshold: number): TextMatch[] {
    const lower = query.toLowerCase();
    const found = new Map<number, number>();
    for (const [row, shared] of this.#sharedWords(wordSet(lower))) found.set(row, 0.5 * shared.ofQuery);
    if (threshold <= 0.7) {
      for (const [row, entry] of this.#entries) if (isIn(entry.lower, lower)) found.set(row, 0.7);
    }
    return atLeast(found, threshold);
  }

  #sharedWords(query: ReadonlySet<string>): Map<number, { jaccard: number; ofQuery: number }> {
    const counts = new Map<number, number>();
    for (const word of query) {
      for (const row of this.#postings.get(word) ?? []) counts.set(row, (counts.get(row) ?? 0) + 1);
    }
    const shared = new Map<number, { jaccard: number; ofQuery: number }>();
    for (const [row, count] of counts) {
      const union = query.size + (this.#entries.get(row)?.words.size ?? 0) - count;
      shared.set(row, { jaccard: count / union, ofQuery: count / query.size });
    }
    return shared;
  }
}

function isIn(text: string, query: string): boolean {
  return text !== '' && text.length <= query.length && query.includes(text);
}

function wordSet(lower: string): ReadonlySet<string> {
  return new Set(lower.split(/[^\p{L}\p{N}_]+/u).filter((word) => word !== ''));
}

function atLeast(found: ReadonlyMap<number, number>, threshold: number): TextMatch[] {
  const matches: TextMatch[] = [];
  for (const [row, confidence] of found) if (confidence >= threshold) matches.push({ row, confidence });
  return matches;
}

import { malformed } from '../malformed.ts';
import { STATIC_TABLE } from './static-table.ts';

const STATIC_ENTRIES = STATIC_TABLE.length / 2;
/** RFC 7541 §4.1: what an entry costs beyond its bytes. */
const ENTRY_OVERHEAD_BYTES = 32;

/** The one index space of RFC 7541 §2.3.3: the static table, and behind it the dynamic one, newest entry first. */
export class DynamicTable {
  /** Names and values by turns, oldest first, from `#head` on. */
  #entries: string[] = [];
  #head = 0;
  #bytes = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Whether an index means the same on every connection. */
  static isStatic(index: number): boolean {
    return index <= STATIC_ENTRIES;
  }

  name(index: number): string {
    return this.#string(index, 0);
  }

  value(index: number): string {
    return this.#string(index, 1);
  }

  /** Adds an entry, evicting the oldest ones; one larger than the table empties it (§4.4). */
  add(name: string, value: string): void {
    const bytes = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.#evictTo(this.#maxBytes - bytes);
    if (bytes > this.#maxBytes) return;
    this.#entries.push(name, value);
    this.#bytes += bytes;
  }

  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evictTo(maxBytes);
  }

  #string(index: number, part: 0 | 1): string {
    const at =
      index <= STATIC_ENTRIES
        ? 2 * (index - 1) + part
        : this.#entries.length - 2 * (index - STATIC_ENTRIES) + part;
    const table = index <= STATIC_ENTRIES ? STATIC_TABLE : this.#entries;
    const isEvicted = index > STATIC_ENTRIES && at < this.#head;
    const found = isEvicted ? undefined : table[at];
    if (found === undefined) throw malformed('HPACK', `index ${index} is in no table`);
    return found;
  }

  #evictTo(bytes: number): void {
    while (this.#bytes > Math.max(bytes, 0)) {
      const name = this.#entries[this.#head] as string;
      const value = this.#entries[this.#head + 1] as string;
      this.#bytes -= name.length + value.length + ENTRY_OVERHEAD_BYTES;
      // Its place stays until many are to be moved up; its letters must not.
      this.#entries[this.#head++] = '';
      this.#entries[this.#head++] = '';
    }
    if (this.#head > 256 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}

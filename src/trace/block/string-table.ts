import type { ByteWriter } from '../bytes/byte-writer.ts';
import type { HeaderList } from '../record/record.ts';

/** The strings and header sets of one block, each stored once; entry 0 is the empty one. */
export interface StringTable {
  indexOf(text: string): number;
  /** Number of the header set. The same array costs one look-up, an equal one a few more. */
  headerSetOf(headers: HeaderList): number;
  /** Estimate of what `write` adds. */
  readonly sizeBytes: number;
  /** How many bytes it takes in memory, about. */
  readonly heldBytes: number;
  /** Writes the fields `strings` and `header_sets` of a Block. */
  write(out: ByteWriter): void;
  clear(): void;
}

/** In memory: a string's object and its entry; a set's array and its two entries; a number in a set and in its key. */
const HELD_STRING_BYTES = 96;
const HELD_SET_BYTES = 192;
const HELD_NUMBER_BYTES = 16;
const STRINGS_TAG = (4 << 3) | 2;
const HEADER_SETS_TAG = (5 << 3) | 2;
const PACKED_TAG = (1 << 3) | 2;

export function createStringTable(): StringTable {
  const strings = new Map<string, number>();
  const sets: number[][] = [];
  const byIdentity = new Map<HeaderList, number>();
  const byContent = new Map<string, number>();
  let sizeBytes = 0;
  let heldBytes = 0;

  const clear = () => {
    strings.clear();
    strings.set('', 0);
    sets.length = 0;
    byIdentity.clear();
    byContent.clear();
    sizeBytes = 2;
    heldBytes = 0;
    addSet([]);
  };
  const addSet = (indexes: number[]) => {
    sizeBytes += 4 + indexes.length * 2;
    heldBytes += HELD_SET_BYTES + indexes.length * HELD_NUMBER_BYTES;
    return sets.push(indexes) - 1;
  };
  const indexOf = (text: string) => {
    const known = strings.get(text);
    if (known !== undefined) return known;
    sizeBytes += text.length + 3;
    heldBytes += text.length + HELD_STRING_BYTES;
    strings.set(text, strings.size);
    return strings.size - 1;
  };
  const headerSetOf = (headers: HeaderList) => {
    if (headers.length === 0) return 0;
    const known = byIdentity.get(headers);
    if (known !== undefined) return known;
    const indexes = headers.map(indexOf);
    const key = indexes.join();
    const set = byContent.get(key) ?? addSet(indexes);
    byContent.set(key, set);
    byIdentity.set(headers, set);
    return set;
  };
  const write = (out: ByteWriter) => {
    for (const text of strings.keys()) {
      out.varint(STRINGS_TAG);
      out.text(text);
    }
    for (const indexes of sets) {
      out.varint(HEADER_SETS_TAG);
      const set = out.beginNested();
      if (indexes.length > 0) writePacked(out, indexes);
      out.endNested(set);
    }
  };
  clear();
  return {
    indexOf,
    headerSetOf,
    get sizeBytes() {
      return sizeBytes;
    },
    get heldBytes() {
      return heldBytes;
    },
    write,
    clear,
  };
}

function writePacked(out: ByteWriter, indexes: readonly number[]): void {
  out.varint(PACKED_TAG);
  const packed = out.beginNested();
  for (const index of indexes) out.varint(index);
  out.endNested(packed);
}

import { type ByteRoom, ENDLESS_ROOM, outOfRoom } from '../byte-room.ts';
import { malformed } from '../malformed.ts';
import { DynamicTable } from './dynamic-table.ts';
import { decodeHuffman } from './huffman.ts';

/** What the table may hold until the peer's SETTINGS say otherwise (RFC 9113 §6.5.2). */
const DEFAULT_TABLE_BYTES = 4096;
/** Most that an observer keeps of a table, however large it may become; more can't be followed. */
const MAX_TABLE_BYTES = 16 * 1024 * 1024;
/** Longest list of one block, counted as RFC 9113 §6.5.2 does: a few bytes can repeat a long entry for ever. */
const MAX_LIST_BYTES = 512 * 1024;
const ENTRY_OVERHEAD_BYTES = 32;
/** What the table of a short entry costs in memory, for each of its bytes as HPACK counts them. */
const COST_OF_TABLE_BYTE = 3;
const NOTHING: Buffer = Buffer.alloc(0);

/** Decodes the header blocks of one direction of a connection (RFC 7541). Throws `malformed`, and is of no use after. */
export class HpackDecoder {
  readonly #table = new DynamicTable(DEFAULT_TABLE_BYTES);
  #allowedTableBytes = DEFAULT_TABLE_BYTES;
  readonly #room: ByteRoom;
  /** Taken for a table larger than the default, whose cost is the connection's own. */
  #heldBytes = 0;
  #block: Buffer = NOTHING;
  #at = 0;
  #usedTable = false;

  constructor(room: ByteRoom = ENDLESS_ROOM) {
    this.#room = room;
  }

  /** Gives the room back; it is of no use after. */
  release(): void {
    this.#room.shrink(this.#heldBytes);
    this.#heldBytes = 0;
  }

  /**
   * The receiver of the blocks has announced SETTINGS_HEADER_TABLE_SIZE. An observer does not see when the sender
   * takes it up, so the limit only grows; the sender tells of every change it makes in a block.
   */
  allowTableBytes(bytes: number): void {
    this.#allowedTableBytes = Math.max(this.#allowedTableBytes, bytes);
  }

  /** Whether the last block read or changed the dynamic table. If not, its bytes mean the same until one does. */
  get usedTable(): boolean {
    return this.#usedTable;
  }

  /** Decodes one block: names and values by turns, in Latin-1. */
  decode(block: Buffer): string[] {
    this.#block = block;
    this.#at = 0;
    this.#usedTable = false;
    const list: string[] = [];
    let listBytes = 0;
    while (this.#at < block.length) {
      const first = block[this.#at] as number;
      if ((first & 0xe0) === 0x20) {
        if (list.length > 0) throw malformed('HPACK', 'a table size update behind a header');
        this.#resize(this.#integer(5));
        continue;
      }
      this.#field(first, list);
      listBytes += ENTRY_OVERHEAD_BYTES + (list.at(-2)?.length ?? 0) + (list.at(-1)?.length ?? 0);
      if (listBytes > MAX_LIST_BYTES) throw malformed('HPACK', 'a header list too long');
    }
    this.#block = NOTHING;
    if (this.#table.sizeBytes > DEFAULT_TABLE_BYTES) this.#holdTable();
    return list;
  }

  #holdTable(): void {
    if (this.#table.sizeBytes > MAX_TABLE_BYTES) throw malformed('HPACK', 'a table too large to keep');
    const needed = this.#table.sizeBytes * COST_OF_TABLE_BYTE;
    if (needed <= this.#heldBytes) return;
    if (!this.#room.grow(this.#heldBytes, needed)) throw outOfRoom('an HPACK table');
    this.#heldBytes = needed;
  }

  #field(first: number, list: string[]): void {
    if ((first & 0x80) !== 0) {
      const index = this.#integer(7);
      this.#usedTable ||= !DynamicTable.isStatic(index);
      list.push(this.#table.name(index), this.#table.value(index));
      return;
    }
    const isIndexed = (first & 0x40) !== 0;
    const nameIndex = this.#integer(isIndexed ? 6 : 4);
    // Into a table of no bytes goes nothing.
    this.#usedTable ||= !DynamicTable.isStatic(nameIndex) || (isIndexed && this.#table.maxBytes > 0);
    const name = nameIndex === 0 ? this.#string() : this.#table.name(nameIndex);
    const value = this.#string();
    if (isIndexed) this.#table.add(name, value);
    list.push(name, value);
  }

  #resize(bytes: number): void {
    if (bytes > this.#allowedTableBytes) throw malformed('HPACK', `a table of ${bytes} bytes`);
    this.#usedTable = true;
    this.#table.resize(bytes);
  }

  /** RFC 7541 §5.1; five bytes behind the prefix hold every size of a table (a setting has 32 bits). */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw malformed('HPACK', 'an integer too long');
  }

  #string(): string {
    const isHuffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    const end = this.#at + length;
    if (end > this.#block.length) throw malformed('HPACK', 'a string longer than its block');
    const from = this.#at;
    this.#at = end;
    return isHuffman
      ? decodeHuffman(this.#block.subarray(from, end))
      : this.#block.toString('latin1', from, end);
  }

  #byte(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) throw malformed('HPACK', 'a block that ends too early');
    return byte;
  }
}

import type { TraceRecord } from '../trace/record/record.ts';

/** So many stored memories are looked into: sizes vary little, and parsing each would take minutes. */
const MOST_LOOKED_AT = 2000;
const decoder = new TextDecoder();

/** How long the vectors and contents of stored memories are. Lengths alone are kept. */
export class StoredShapes {
  readonly #dimensions = new Map<number, number>();
  readonly #contentBytes: number[] = [];
  #looked = 0;

  add({ op, protocol, body }: TraceRecord): void {
    if (op !== 'remember' || protocol !== 'http' || this.#looked >= MOST_LOOKED_AT) return;
    this.#looked += 1;
    const { embedding, content } = fieldsOf(body);
    if (Array.isArray(embedding))
      this.#dimensions.set(embedding.length, (this.#dimensions.get(embedding.length) ?? 0) + 1);
    if (typeof content === 'string') this.#contentBytes.push(Buffer.byteLength(content));
  }

  /** The most frequent length of a vector; undefined where none was seen. */
  get dimension(): number | undefined {
    return [...this.#dimensions].sort((a, b) => b[1] - a[1])[0]?.[0];
  }

  /** Between which lengths nine in ten contents lie. */
  get contentBytes(): { least: number; most: number } | undefined {
    const sorted = this.#contentBytes.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
    const [least, most] = [at(0.05), at(0.95)];
    return least === undefined || most === undefined ? undefined : { least, most };
  }
}

function fieldsOf(body: Uint8Array): { embedding?: unknown; content?: unknown } {
  try {
    const value: unknown = JSON.parse(decoder.decode(body));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

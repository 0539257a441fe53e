import { blake3Hex } from '../../blake3-hex.ts';
import { SeededStream } from '../streams/seeded-stream.ts';

/** What a build puts into its cache. */
export interface CacheArtifact {
  /** The target of its requests: `/cache/` and the hash of its body. */
  readonly path: string;
  readonly body: Uint8Array;
}

/** Making one takes a ms of a core and more, most of it for the hash: so many are made in one turn of the event loop. */
const PER_TURN = 8;
const MOST_PREPARED_BYTES = 128 * 2 ** 20;

/** The artifacts of a cache workload: each is made when it is first asked for, and kept. */
export class CacheArtifacts {
  readonly #count: number;
  readonly #meanBytes: number;
  readonly #sizes: SeededStream;
  readonly #bytes: SeededStream;
  readonly #missing: SeededStream;
  readonly #made = new Map<number, CacheArtifact>();

  /** `count` artifacts of half to one and a half times `meanBytes`. */
  constructor(seed: number, count: number, meanBytes: number) {
    this.#count = count;
    this.#meanBytes = meanBytes;
    this.#sizes = new SeededStream(seed, 'artifact sizes');
    this.#bytes = new SeededStream(seed, 'artifact bytes');
    this.#missing = new SeededStream(seed, 'missing artifacts');
  }

  /** The artifact with this number; past their count they begin again. */
  at(number: number): CacheArtifact {
    const index = number % this.#count;
    let artifact = this.#made.get(index);
    if (artifact === undefined) {
      const body = this.#bodyOf(index);
      artifact = { path: `/cache/${blake3Hex(body)}`, body };
      this.#made.set(index, artifact);
    }
    return artifact;
  }

  /** Makes these, as far as they take little memory: what is made while others wait makes them late. */
  async prepare(numbers: Iterable<number>): Promise<void> {
    const most = Math.min(this.#count, Math.ceil(MOST_PREPARED_BYTES / this.#meanBytes));
    let asked = 0;
    for (const number of numbers) {
      // Past their count they begin again: `numbers` may go on for ever.
      if (asked++ >= this.#count || this.#made.size >= most) return;
      this.at(number);
      if (asked % PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The target of an artifact that nobody has: the name is drawn, and no bytes are known that hash to it. */
  missingPath(client: number, index: number): string {
    let hash = '';
    for (let word = 0; word < 8; word++)
      hash += this.#missing
        .uint32(client, 8 * index + word)
        .toString(16)
        .padStart(8, '0');
    return `/cache/${hash}`;
  }

  #bodyOf(index: number): Uint8Array {
    const sizeBytes = Math.max(1, Math.round(this.#meanBytes * (0.5 + this.#sizes.uniform(index))));
    const body = Buffer.alloc(Math.ceil(sizeBytes / 4) * 4);
    for (let at = 0; at < body.length; at += 4) body.writeUInt32LE(this.#bytes.uint32(index, at / 4), at);
    return body.subarray(0, sizeBytes);
  }
}

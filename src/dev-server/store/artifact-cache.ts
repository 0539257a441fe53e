/** What an artifact takes beside its bytes: its name, its place in the map, the buffer. */
const ENTRY_BYTES = 256;

/**
 * The artifacts of a build cache by their hash, bounded in bytes. One that does not fit pushes out those that were
 * asked for longest ago.
 */
export class ArtifactCache {
  /** Artifacts pushed out so far. */
  evicted = 0;
  readonly #maxBytes: number;
  /** The least recently used first. */
  readonly #artifacts = new Map<string, Uint8Array>();
  #sizeBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#artifacts.size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The artifact, which counts as used now. */
  get(hash: string): Uint8Array | undefined {
    const artifact = this.#artifacts.get(hash);
    if (artifact === undefined) return undefined;
    this.#artifacts.delete(hash);
    this.#artifacts.set(hash, artifact);
    return artifact;
  }

  /** Keeps a copy. False: it is larger than all the room there is. One that is there stays as it is. */
  put(hash: string, artifact: Uint8Array): boolean {
    if (this.get(hash) !== undefined) return true;
    if (costOf(artifact) > this.#maxBytes) return false;
    this.#makeRoom(costOf(artifact));
    // A view would keep the whole buffer alive that it was received into.
    this.#artifacts.set(hash, new Uint8Array(artifact));
    this.#sizeBytes += costOf(artifact);
    return true;
  }

  #makeRoom(bytes: number): void {
    for (const [hash, artifact] of this.#artifacts) {
      if (this.#sizeBytes + bytes <= this.#maxBytes) return;
      this.#artifacts.delete(hash);
      this.#sizeBytes -= costOf(artifact);
      this.evicted += 1;
    }
  }
}

function costOf(artifact: Uint8Array): number {
  return artifact.length + ENTRY_BYTES;
}

const PAUSE_NS = 10e9;
const MAX_TOLD = 100;

/**
 * Tells people what relays say. What several of them meet together, such as a disk that is full, is told once: the same
 * sentence, whatever its numbers, of another relay within 10 s is left out.
 */
export class SharedWarnings {
  readonly #tell: (text: string) => void;
  readonly #nowNs: () => number;
  readonly #told = new Map<string, { relay: string; atNs: number }>();

  constructor(tell: (text: string) => void, nowNs: () => number) {
    this.#tell = tell;
    this.#nowNs = nowNs;
  }

  note(relay: string, text: string): void {
    const key = text.replaceAll(/\d+/g, '#');
    const nowNs = this.#nowNs();
    const told = this.#told.get(key);
    if (told !== undefined && told.relay !== relay && nowNs - told.atNs < PAUSE_NS) return;
    this.#told.delete(key); // the oldest is the first
    this.#told.set(key, { relay, atNs: nowNs });
    const [oldest] = this.#told.keys();
    if (this.#told.size > MAX_TOLD && oldest !== undefined) this.#told.delete(oldest);
    this.#tell(text);
  }
}

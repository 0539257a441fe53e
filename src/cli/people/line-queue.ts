import type { Outlet } from './outlet.ts';

const MAX_WAITING_BYTES = 64 * 1024;

/**
 * Text for people on its way out. Whoever says something never waits and never fails: while the outlet takes nothing
 * the oldest lines make room for the newest, what it refuses is left out, and how many lines that were is said as soon
 * as it takes something again.
 */
export class LineQueue {
  readonly #outlet: Outlet;
  readonly #name: string;
  readonly #waiting: string[] = [];
  #waitingBytes = 0;
  #leftOut = 0;
  #writing: Promise<void> | undefined;

  constructor(outlet: Outlet, name: string) {
    this.#outlet = outlet;
    this.#name = name;
  }

  /** Nothing waits: what is said now goes out now. */
  get isIdle(): boolean {
    return this.#writing === undefined;
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  say(text: string): void {
    if (text === '') return;
    this.#waiting.push(text);
    this.#waitingBytes += text.length;
    while (this.#waitingBytes > MAX_WAITING_BYTES && this.#waiting.length > 1) this.#leave(this.#next());
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const text = this.#next();
      const before = this.#leftOut;
      try {
        await this.#outlet.write(Buffer.from(this.#missing() + text));
        this.#leftOut -= before;
      } catch {
        this.#leave(text);
      }
    }
  }

  #missing(): string {
    if (this.#leftOut === 0) return '';
    const lines = this.#leftOut === 1 ? 'a line was' : `${this.#leftOut} lines were`;
    return `engram-trace: ${lines} left out here: ${this.#name} took nothing\n`;
  }

  #next(): string {
    const text = this.#waiting.shift() ?? '';
    this.#waitingBytes -= text.length;
    return text;
  }

  #leave(text: string): void {
    this.#leftOut += text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  }
}

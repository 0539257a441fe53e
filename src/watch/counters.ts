interface Seen {
  readonly value: number;
  readonly atNs: number;
}

/** Turns numbers that only grow into how fast they grow. */
export class Counters {
  readonly #seen = new Map<string, Seen>();

  /**
   * How much a counter grew a second since it was last asked for; undefined the first time. One that fell was set back to
   * 0 in between, as by a restart: what it shows has grown since then.
   */
  perSecond(name: string, value: number, atNs: number): number | undefined {
    const before = this.#seen.get(name);
    this.#seen.set(name, { value, atNs });
    if (before === undefined || atNs <= before.atNs) return undefined;
    const grown = value < before.value ? value : value - before.value;
    return (grown / (atNs - before.atNs)) * 1e9;
  }
}

/** The same trouble is told again after this long at the earliest. */
const PAUSE_NS = 10e9;
/** Texts come from servers and their names: so many are told apart. */
const MAX_TEXTS = 20;
/** Stands for all texts beyond those that are told apart. */
export const OTHER_TROUBLES = 'other troubles of connections';

interface Told {
  atNs: number;
  since: number;
}

/** Tells people of a trouble that many connections share: the first at once, then how many it was, now and then. */
export class TroubleLog {
  readonly #tell: (text: string) => void;
  readonly #nowNs: () => number;
  readonly #told = new Map<string, Told>();

  constructor(tell: (text: string) => void, nowNs: () => number) {
    this.#tell = tell;
    this.#nowNs = nowNs;
  }

  /** Notes that a trouble was met, perhaps several times, and tells it if it was not told lately. */
  note(trouble: string, count = 1): void {
    const text = this.#told.has(trouble) || this.#told.size < MAX_TEXTS ? trouble : OTHER_TROUBLES;
    const nowNs = this.#nowNs();
    const told = this.#told.get(text);
    if (told === undefined) {
      this.#told.set(text, { atNs: nowNs, since: count - 1 });
      this.#tell(text);
      return;
    }
    told.since += count;
    if (nowNs - told.atNs < PAUSE_NS) return;
    this.#tell(`${text} (${told.since} more in ${Math.round((nowNs - told.atNs) / 1e9)} s)`);
    told.atNs = nowNs;
    told.since = 0;
  }
}

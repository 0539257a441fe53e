/** More arrivals, and turns, than any run has. */
const ROOM = 2_000_000;

/** When requests came, and how long each turn of the event loop took that brought some. Seconds of the system's monotonic clock. */
export class ArrivalLog {
  readonly #offsetS = monotonicS() - performance.now() / 1000;
  readonly #arrivals = new Float64Array(ROOM);
  readonly #turns = new Float64Array(ROOM);
  #arrivalCount = 0;
  #turnCount = 0;
  #turnStartS: number | undefined;
  readonly #endTurn = (): void => {
    if (this.#turnCount < ROOM) this.#turns[this.#turnCount++] = this.#nowS() - (this.#turnStartS ?? 0);
    this.#turnStartS = undefined;
  };

  /** Bytes are here. What came while the server was busy with others is as late as one turn takes. */
  stamp(): number {
    const nowS = this.#nowS();
    if (this.#turnStartS === undefined) {
      this.#turnStartS = nowS;
      setImmediate(this.#endTurn);
    }
    return nowS;
  }

  /** A request ended in what came at `atS`. */
  add(atS: number): void {
    if (this.#arrivalCount < ROOM) this.#arrivals[this.#arrivalCount++] = atS;
  }

  /** Gives all and forgets it. */
  take(): { arrivalsS: number[]; turnsS: number[] } {
    const arrivalsS = [...this.#arrivals.subarray(0, this.#arrivalCount)];
    const turnsS = [...this.#turns.subarray(0, this.#turnCount)];
    this.#arrivalCount = 0;
    this.#turnCount = 0;
    return { arrivalsS, turnsS };
  }

  #nowS(): number {
    return performance.now() / 1000 + this.#offsetS;
  }
}

/** The clock that all processes of the machine share. */
export function monotonicS(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds + nanoseconds / 1e9;
}

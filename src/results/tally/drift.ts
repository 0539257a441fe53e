/** The sums of a drift line, for another line to add. */
export interface DriftPart {
  firstDueNs: number;
  lastDueNs: number;
  count: number;
  originNs: number;
  meanX: number;
  meanY: number;
  sumXx: number;
  sumXy: number;
}

/**
 * How the operations that left kept up with their due times: the time the plan had for them, and a straight line through
 * (due time, send error), by least squares in one pass (Welford's update).
 */
export class DriftLine {
  #firstDueNs = Infinity;
  #lastDueNs = -Infinity;
  #count = 0;
  #originNs = 0;
  #meanX = 0;
  #meanY = 0;
  #sumXx = 0;
  #sumXy = 0;

  /** Takes the due time and the send error of an operation, both in ns. */
  add(dueNs: number, sendErrorNs: number): void {
    this.#count++;
    if (dueNs < this.#firstDueNs) this.#firstDueNs = dueNs;
    if (dueNs > this.#lastDueNs) this.#lastDueNs = dueNs;
    // From the first on: a clock's own figures are so large that the digits behind their point are lost.
    if (this.#count === 1) this.#originNs = dueNs;
    const x = dueNs - this.#originNs;
    const deltaX = x - this.#meanX;
    this.#meanX += deltaX / this.#count;
    this.#meanY += (sendErrorNs - this.#meanY) / this.#count;
    this.#sumXx += deltaX * (x - this.#meanX);
    this.#sumXy += deltaX * (sendErrorNs - this.#meanY);
  }

  /** Takes out what was added since the last drain; undefined where that was nothing. */
  drain(): DriftPart | undefined {
    if (this.#count === 0) return undefined;
    const part = {
      firstDueNs: this.#firstDueNs,
      lastDueNs: this.#lastDueNs,
      count: this.#count,
      originNs: this.#originNs,
      meanX: this.#meanX,
      meanY: this.#meanY,
      sumXx: this.#sumXx,
      sumXy: this.#sumXy,
    };
    this.#firstDueNs = Infinity;
    this.#lastDueNs = -Infinity;
    this.#count = 0;
    this.#meanX = 0;
    this.#meanY = 0;
    this.#sumXx = 0;
    this.#sumXy = 0;
    return part;
  }

  /** Adds what another line drained (Chan, Golub and LeVeque's update for two parts). */
  addPart(part: DriftPart): void {
    const count = this.#count + part.count;
    if (this.#count === 0) this.#originNs = part.originNs;
    const deltaX = part.originNs - this.#originNs + part.meanX - this.#meanX;
    const deltaY = part.meanY - this.#meanY;
    const weight = (this.#count * part.count) / count;
    this.#sumXx += part.sumXx + deltaX * deltaX * weight;
    this.#sumXy += part.sumXy + deltaX * deltaY * weight;
    this.#meanX += (deltaX * part.count) / count;
    this.#meanY += (deltaY * part.count) / count;
    this.#count = count;
    this.#firstDueNs = Math.min(this.#firstDueNs, part.firstDueNs);
    this.#lastDueNs = Math.max(this.#lastDueNs, part.lastDueNs);
  }

  /** The time from the first due time to the last of what was added; undefined while there is nothing. */
  get plannedSpanNs(): number | undefined {
    return this.#count === 0 ? undefined : this.#lastDueNs - this.#firstDueNs;
  }

  /** How much the send error grows for each second of the plan, in us; undefined below two distinct due times. */
  get slopeUsPerSecond(): number | undefined {
    return this.#sumXx > 0 ? (this.#sumXy / this.#sumXx) * 1e6 : undefined;
  }
}

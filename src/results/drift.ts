/**
 * How the operations that left kept up with their due times: the time the plan had for them, and a straight line through
 * (due time, send error), by least squares in one pass (Welford's update).
 */
export class DriftLine {
  #firstDueNs = Infinity;
  #lastDueNs = -Infinity;
  #count = 0;
  #meanX = 0;
  #meanY = 0;
  #sumXx = 0;
  #sumXy = 0;

  /** Both in ns. */
  add(dueNs: number, sendErrorNs: number): void {
    this.#count++;
    if (dueNs < this.#firstDueNs) this.#firstDueNs = dueNs;
    if (dueNs > this.#lastDueNs) this.#lastDueNs = dueNs;
    const deltaX = dueNs - this.#meanX;
    this.#meanX += deltaX / this.#count;
    this.#meanY += (sendErrorNs - this.#meanY) / this.#count;
    this.#sumXx += deltaX * (dueNs - this.#meanX);
    this.#sumXy += deltaX * (sendErrorNs - this.#meanY);
  }

  /** From the first due time to the last, of what was added; undefined while there is nothing. */
  get plannedSpanNs(): number | undefined {
    return this.#count === 0 ? undefined : this.#lastDueNs - this.#firstDueNs;
  }

  /** Growth of the send error in us for each second of the plan; undefined below two distinct due times. */
  get slopeUsPerSecond(): number | undefined {
    return this.#sumXx > 0 ? (this.#sumXy / this.#sumXx) * 1e6 : undefined;
  }
}

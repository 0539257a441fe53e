import type { ReplayOptions } from '../replay-options.ts';

/** Says when enough of a plan is read to set the first due time, and counts how often reading came too late after it. */
export class HeadStart {
  /** Times the plan had run dry, and what was read next was due long before. */
  underruns = 0;
  readonly #options: ReplayOptions;
  /** When the first operation was there, and the offset of the latest. */
  #firstReadNs: number | undefined;
  #readToNs = -Infinity;
  #isDry = false;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** The operation at this offset was read. */
  read(offsetNs: number, nowNs: number): void {
    this.#firstReadNs ??= nowNs;
    this.#readToNs = offsetNs;
  }

  /**
   * Whether enough of the plan was read, or enough time has passed: cold code reads slowly, and a slow pipe may never
   * bring more.
   */
  isEnough(nowNs: number): boolean {
    const { headStartNs, headStartLimitNs } = this.#options;
    return this.#readToNs >= headStartNs || nowNs - (this.#firstReadNs ?? Infinity) >= headStartLimitNs;
  }

  /** The replay is under way, and nothing is left of what was read. */
  ranDry(): void {
    this.#isDry = true;
  }

  /** The next operation is there, and was due at `dueNs`. */
  resumed(dueNs: number, nowNs: number): void {
    if (this.#isDry && nowNs - dueNs > this.#options.lateGraceNs) this.underruns += 1;
    this.#isDry = false;
  }
}

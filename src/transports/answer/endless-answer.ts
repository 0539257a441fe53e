import type { Clock, EndlessTimes } from '../../replay/ports.ts';
import type { EndlessKind } from './endless-kind.ts';
import { EventScanner, LineScanner, type Scanner } from './event-scanner.ts';
import { MAX_TIMED_MESSAGES } from './stream-traffic.ts';

/** Notes when the events of one endless answer came. */
export class EndlessAnswer {
  readonly #clock: Pick<Clock, 'nowNs'>;
  readonly #scanner: Scanner | undefined;
  readonly #eventNs: number[] = [];
  /** Events that came since times were last noted. */
  #fresh = 0;
  #untimed = 0;

  constructor(kind: EndlessKind, clock: Pick<Clock, 'nowNs'>) {
    this.#clock = clock;
    this.#scanner = scannerOf(kind);
  }

  /** Reads bytes of the body. */
  take(bytes: Uint8Array, from: number, to: number): void {
    if (this.#scanner !== undefined) this.#fresh += this.#scanner.scan(bytes, from, to);
  }

  /** Notes the time of the events that were read since the last call. */
  note(): void {
    if (this.#fresh === 0) return;
    const timed = Math.min(this.#fresh, MAX_TIMED_MESSAGES - this.#eventNs.length);
    const nowNs = this.#clock.nowNs();
    for (let i = 0; i < timed; i += 1) this.#eventNs.push(nowNs);
    this.#untimed += this.#fresh - timed;
    this.#fresh = 0;
  }

  /** Ends the answer and returns what was noted; `isWhole`: the server ended it. */
  end(isWhole: boolean): EndlessTimes {
    if (isWhole && this.#scanner !== undefined) this.#fresh += this.#scanner.finish();
    this.note();
    return {
      areEventsKnown: this.#scanner !== undefined,
      eventNs: Float64Array.from(this.#eventNs),
      untimed: this.#untimed,
      comments: this.#scanner?.comments ?? 0,
    };
  }
}

function scannerOf(kind: EndlessKind): Scanner | undefined {
  if (kind === 'unread') return undefined;
  return kind === 'events' ? new EventScanner() : new LineScanner();
}

import type {
  AnswerMatch,
  EndlessTimes,
  FailureCode,
  SendListener,
  SendOutcome,
} from '../../replay/ports.ts';
import type { Outcome } from '../../trace/record/record.ts';

/** The connection that an exchange is under way on. */
export interface ExchangeCarrier {
  /** Closes it at once; the exchange on it ends as `cancelled`. */
  giveUp(): void;
}

/** One request and its answer. Never reused, so that a cancel that comes late meets only its own operation. */
export class WireExchange {
  readonly listener: SendListener;
  /** HEAD: the answer has no body. */
  readonly isHead: boolean;
  /** The request, or all of it but `body`. */
  readonly bytes: Uint8Array;
  /** The body that follows `bytes`, where it was too large to copy. */
  readonly body: Uint8Array | undefined;
  /** The connection is not used again behind it, as the client of the recording said. */
  readonly isLast: boolean;
  /** What its answer is compared with, where it can be. */
  readonly recorded: Outcome | undefined;
  /** Where it is under way; undefined while it waits, and at the end. */
  connection: ExchangeCarrier | undefined;
  isDone = false;
  /** Where its wait for a busy connection began, in ns of the pool's own count. */
  heldFromNs = 0;
  /** How long the exchange waited for a busy connection, in ns. */
  heldNs = 0;
  #status: number | undefined;

  constructor(
    listener: SendListener,
    isHead: boolean,
    bytes: Uint8Array,
    body: Uint8Array | undefined,
    isLast = false,
    recorded?: Outcome | undefined,
  ) {
    this.listener = listener;
    this.isHead = isHead;
    this.bytes = bytes;
    this.body = body;
    this.isLast = isLast;
    this.recorded = recorded;
  }

  /** Its wait is over. */
  holdUntil(ns: number): void {
    this.heldNs = Math.max(0, ns - this.heldFromNs);
  }

  /** Hears that the head of the answer is here. */
  answered(status: number, atNs: number): void {
    this.#status = status;
    this.listener.onFirstAnswer(atNs);
  }

  /** Ends the exchange, well if there is no `failure`; later calls are ignored. `atNs`: when, if not now. */
  end(
    failure: FailureCode | undefined,
    detail: string,
    responseBytes: number,
    endless?: EndlessTimes | undefined,
    answer?: AnswerMatch | undefined,
    headerValue?: string | undefined,
    atNs?: number | undefined,
  ): void {
    if (this.isDone) return;
    this.isDone = true;
    this.connection = undefined;
    const status = this.#status;
    const ok = failure === undefined && status !== undefined && status < 400;
    const outcome: SendOutcome = { status, ok, failure, detail, responseBytes };
    if (answer !== undefined) outcome.answer = answer;
    if (headerValue !== undefined) outcome.headerValue = headerValue;
    this.listener.onDone(endless === undefined ? outcome : { ...outcome, endless }, atNs);
  }
}

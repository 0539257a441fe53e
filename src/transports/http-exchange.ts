import type { Dispatcher } from 'undici';
import type { FailureCode, SendListener, SendOutcome } from '../replay/ports.ts';
import { GIVEN_UP } from './given-up.ts';
import { codeOf, detailOf, httpFailure } from './http-failure.ts';
import { SaidText } from './said-text.ts';

/** One request and its answer, heard from undici; tells the listener, and `ended` before it. */
export class HttpExchange implements Dispatcher.DispatchHandler {
  isDone = false;
  /** Asked when its connection has ended: it had served before, and not a byte has come since. */
  metKeptEnd: () => boolean = () => false;
  readonly #listener: SendListener;
  readonly #ended: (exchange: HttpExchange, isConnectionGood: boolean) => void;
  #abort: ((error?: Error) => void) | undefined;
  #isCancelled = false;
  #status: number | undefined;
  #bytes = 0;
  #said: SaidText | undefined;

  constructor(listener: SendListener, ended: (exchange: HttpExchange, isConnectionGood: boolean) => void) {
    this.#listener = listener;
    this.#ended = ended;
  }

  /** False: it has no connection yet and someone has to take it from where it waits. */
  cancel(): boolean {
    this.#isCancelled = true;
    if (this.#abort === undefined) return false;
    this.#abort();
    return true;
  }

  fail(error: Error): void {
    if (this.#status === 304 && codeOf(error) === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
      // A 304 may tell the length of what it does not send (RFC 9110, 8.6); undici waits for it in vain.
      this.#complete(false);
      return;
    }
    const failure = this.#isCancelled ? 'cancelled' : this.#failureOf(error);
    const detail = this.#isCancelled ? this.#howFar(error) : detailOf(error);
    this.#end({ status: this.#status, ok: false, failure, detail, responseBytes: this.#bytes }, false);
  }

  #failureOf(error: Error): FailureCode {
    const failure = httpFailure(error, this.#abort !== undefined);
    const isEnd = failure === 'connection_closed' || failure === 'connection_reset';
    return isEnd && this.metKeptEnd() ? 'keepalive_closed' : failure;
  }

  #howFar(error: Error): string {
    if (this.#abort === undefined) return error.message;
    return this.#status === undefined ? GIVEN_UP.unanswered : GIVEN_UP.inAnswer;
  }

  // What undici calls, in the form that does not parse response headers nobody looks at.

  onConnect(abort: (error?: Error) => void): void {
    const isFirst = this.#abort === undefined;
    this.#abort = abort;
    if (this.#isCancelled) abort();
    else if (isFirst) this.#listener.onSent();
  }

  onHeaders(status: number): boolean {
    // 1xx is not the answer yet.
    if (status < 200) return true;
    this.#status = status;
    this.#listener.onFirstAnswer();
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#status !== undefined && this.#status >= 400) {
      this.#said ??= new SaidText();
      this.#said.add(chunk, 0, chunk.length);
    }
    return true;
  }

  onComplete(): void {
    this.#complete(true);
  }

  onError(error: Error): void {
    this.fail(error);
  }

  #complete(isConnectionGood: boolean): void {
    const status = this.#status ?? 0;
    const outcome = {
      status,
      ok: status < 400,
      failure: undefined,
      detail: this.#said?.text ?? '',
      responseBytes: this.#bytes,
    };
    this.#end(outcome, isConnectionGood);
  }

  #end(outcome: SendOutcome, isConnectionGood: boolean): void {
    if (this.isDone) return;
    this.isDone = true;
    this.#ended(this, isConnectionGood);
    this.#listener.onDone(outcome);
  }
}

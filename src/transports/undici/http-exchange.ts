import type { Dispatcher } from 'undici';
import type { Clock, FailureCode, SendListener, SendOutcome } from '../../replay/ports.ts';
import type { Outcome } from '../../trace/record/record.ts';
import { trimBlanks } from '../../wire/http1-head.ts';
import { AnswerComparison } from '../answer/answer-comparison.ts';
import { countedValue } from '../answer/counted-header.ts';
import { EndlessAnswer } from '../answer/endless-answer.ts';
import {
  type EndlessKind,
  type EndlessType,
  endlessKindOf,
  endlessTypeIn,
  isCoded,
  isCompressed,
} from '../answer/endless-kind.ts';
import { GIVEN_UP } from '../answer/given-up.ts';
import { codeOf, detailOf, httpFailure } from '../answer/http-failure.ts';
import { isWord, wordBytes } from '../answer/response-fields.ts';
import { SaidText } from '../answer/said-text.ts';

const CONTENT_TYPE = wordBytes('content-type');

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
  /** Undefined while the answer is an ordinary one. */
  #endless: EndlessAnswer | undefined;
  /** Undefined where the recorded answer is not known. */
  readonly #comparison: AnswerComparison | undefined;
  #isCoded = false;
  readonly #isHead: boolean;
  readonly #countByHeader: string | undefined;
  #headerValue: string | undefined;
  readonly #clock: Pick<Clock, 'nowNs'>;

  /** `isHead`: the answer has no body. `recorded`: what it is compared with. `clock`: for the times of the events of an endless answer. `countByHeader`: the name of a header whose value is told. */
  constructor(
    listener: SendListener,
    isHead: boolean,
    recorded: Outcome | undefined,
    clock: Pick<Clock, 'nowNs'>,
    ended: (exchange: HttpExchange, isConnectionGood: boolean) => void,
    countByHeader?: string | undefined,
  ) {
    this.#listener = listener;
    this.#countByHeader = countByHeader;
    this.#isHead = isHead;
    if (recorded !== undefined) {
      this.#comparison = new AnswerComparison();
      this.#comparison.begin(recorded);
    }
    this.#clock = clock;
    this.#ended = ended;
  }

  /** Gives it up. False where it has no connection yet, and someone has to take it from where it waits. */
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

  onHeaders(status: number, headers: readonly Buffer[]): boolean {
    // 1xx is not the answer yet.
    if (status < 200) return true;
    this.#status = status;
    if (this.#countByHeader !== undefined) this.#headerValue = headerValueIn(this.#countByHeader, headers);
    if (this.#comparison !== undefined) this.#isCoded = isCodedIn(headers);
    const kind = this.#isHead ? undefined : endlessKindIn(status, headers);
    if (kind !== undefined) this.#endless = new EndlessAnswer(kind, this.#clock);
    this.#listener.onFirstAnswer();
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#status !== undefined && this.#status >= 400) {
      this.#said ??= new SaidText();
      this.#said.add(chunk, 0, chunk.length);
    }
    this.#comparison?.add(chunk, 0, chunk.length);
    this.#endless?.take(chunk, 0, chunk.length);
    this.#endless?.note();
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
    const outcome: SendOutcome = {
      status,
      ok: status < 400,
      failure: undefined,
      detail: this.#said?.text ?? '',
      responseBytes: this.#bytes,
    };
    const answer = this.#endless === undefined ? this.#comparison?.end(status, this.#isCoded) : undefined;
    if (answer !== undefined) outcome.answer = answer;
    this.#end(outcome, isConnectionGood);
  }

  #end(outcome: SendOutcome, isConnectionGood: boolean): void {
    if (this.isDone) return;
    this.isDone = true;
    this.#ended(this, isConnectionGood);
    if (this.#headerValue !== undefined) outcome.headerValue = this.#headerValue;
    const endless = this.#endless?.end(outcome.failure === undefined);
    this.#listener.onDone(endless === undefined ? outcome : { ...outcome, endless });
  }
}

/**
 * Tells an endless answer by its headers. Most say in their content type that they are ordinary, and no more is looked
 * at.
 */
function endlessKindIn(status: number, headers: readonly Buffer[]): EndlessKind | undefined {
  let endlessType: EndlessType | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const [name, value] = [headers[i] as Buffer, headers[i + 1] as Buffer];
    if (isWord(name, 0, name.length, CONTENT_TYPE)) endlessType = endlessTypeIn(value, 0, value.length);
  }
  if (endlessType === undefined || status === 204) return undefined;
  const length = valuesOf('content-length', headers).at(-1);
  const isEncoded = isCodedIn(headers);
  if (String(length) === '0') return undefined;
  return endlessKindOf({ status, endlessType, hasLength: length !== undefined, isEncoded });
}

function isCodedIn(headers: readonly Buffer[]): boolean {
  const codings = valuesOf('content-encoding', headers);
  return (
    codings.some((value) => isCoded(value, 0, value.length)) ||
    isCompressed(valuesOf('transfer-encoding', headers).join())
  );
}

/** The value of a header that answers are counted by. */
function headerValueIn(field: string, headers: readonly Buffer[]): string | undefined {
  const values = valuesOf(field, headers);
  return values.length === 0
    ? undefined
    : countedValue(values.map((value) => trimBlanks(value.toString('latin1'))).join(', '));
}

function valuesOf(field: string, headers: readonly Buffer[]): Buffer[] {
  return headers.filter((_, i) => i % 2 === 1 && String(headers[i - 1]).toLowerCase() === field);
}

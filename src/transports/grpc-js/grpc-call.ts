import { CallCredentials, Metadata, type StatusObject } from '../../bundled/grpc-js.ts';
import type { Clock, SendListener, SendOutcome } from '../../replay/ports.ts';
import { failedSend } from '../../replay/send-outcome.ts';
import type { Outcome } from '../../trace/record/record.ts';
import { AnswerComparison } from '../answer/answer-comparison.ts';
import { countedValue } from '../answer/counted-header.ts';
import { GIVEN_UP } from '../answer/given-up.ts';
import { grpcOutcome, type OwnEnd } from '../answer/grpc-outcome.ts';
import type { StreamTraffic } from '../answer/stream-traffic.ts';
import { type Departing, type Departures, hasLeft, onAnswerCoding } from './grpc-departures.ts';

/** The part of a grpc-js call that ends it. */
interface Cancellable {
  cancel(): void;
}

/** What a call tells of itself, and what watches it leave. */
export interface GrpcCallHooks {
  departures: Departures;
  /** Called after the listener heard of it. */
  onSent: (() => void) | undefined;
  /** For a stream: notes when its messages go and come. */
  traffic?: StreamTraffic | undefined;
  /** The name of the header that answers are counted by. */
  countByHeader?: string | undefined;
  /** What its answer is compared with, where it can be. */
  recorded?: Outcome | undefined;
  /** Called before the listener hears of it. */
  onEnd: () => void;
}

/** What unary calls and streams have in common: what is told to the listener, the deadline, and how a call ends. */
export class GrpcCall implements Departing {
  isDone = false;
  readonly credentials: CallCredentials;
  readonly #listener: SendListener;
  readonly #hooks: GrpcCallHooks;
  running: Cancellable | undefined;
  #stopDeadline: (() => void) | undefined;
  #ownEnd: OwnEnd;
  #isSent = false;
  #hasAnswer = false;
  #bytes = 0;
  /** The value of the header that answers are counted by: of the head, or else of the trailers. */
  #headerValue: string | undefined;
  /** Undefined where the recorded answer is not known. */
  #comparison: AnswerComparison | undefined;
  /** grpc-js unpacks what is compressed. As long as nobody saw that the answer is not, it may be. */
  #mayBeCoded = true;

  constructor(listener: SendListener, hooks: GrpcCallHooks) {
    this.#listener = listener;
    this.#hooks = hooks;
    if (hooks.recorded !== undefined) {
      this.#comparison = new AnswerComparison();
      this.#comparison.begin(hooks.recorded);
    }
    this.credentials = new SentHook(() => {
      // A pick that meets a connection just lost is repeated.
      if (this.#isSent || this.isDone || this.#ownEnd !== undefined) return;
      hooks.departures.watch(this);
    });
  }

  /** Whether the call is over, or was ended by us. */
  get isEnding(): boolean {
    return this.isDone || this.#ownEnd !== undefined;
  }

  departed(): void {
    if (this.#tellSent()) this.#hooks.onSent?.();
  }

  #tellSent(): boolean {
    if (this.#isSent || this.isDone) return false;
    this.#isSent = true;
    if (this.#comparison !== undefined) this.#watchCoding();
    this.#listener.onSent();
    return true;
  }

  #watchCoding(): void {
    onAnswerCoding(this.running, (coding) => {
      this.#mayBeCoded = coding !== '' && coding !== 'identity';
    });
  }

  /** The call exists; it may have ended already. */
  begun(call: Cancellable, deadlineNs: number | undefined, clock: Clock): void {
    this.running = call;
    if (this.#ownEnd !== undefined) call.cancel();
    if (deadlineNs === undefined || this.isDone) return;
    this.#stopDeadline = clock.at(clock.nowNs() + deadlineNs, () => this.end('deadline'));
  }

  /** Counts a message of the answer. An arrow: grpc-js calls it bare, as its deserializer. */
  readonly received = (message: Buffer): Buffer => {
    this.#bytes += message.length;
    this.#comparison?.add(message, 0, message.length);
    if (!this.isDone) this.#hooks.traffic?.receivedOne();
    if (!this.#hasAnswer) {
      this.#hasAnswer = true;
      this.departed();
      if (!this.isDone) this.#listener.onFirstAnswer();
    }
    return message;
  };

  /** Ends the call from our side. */
  end(why: OwnEnd): void {
    if (this.isDone || this.#ownEnd !== undefined) return;
    this.#ownEnd = why;
    // What has not left by now leaves as a call that is cancelled already, if at all.
    this.#hooks.departures.forget(this);
    if (hasLeft(this.running) === true) this.#tellSent();
    this.running?.cancel();
  }

  /** The head of the answer, or its trailers. */
  heard(metadata: Metadata): void {
    const { countByHeader } = this.#hooks;
    if (countByHeader === undefined || this.#headerValue !== undefined) return;
    const values = metadata
      .get(countByHeader)
      .map((value) => (typeof value === 'string' ? value : value.toString('base64')));
    if (values.length > 0) this.#headerValue = countedValue(values.join(', '));
  }

  ended(status: StatusObject): void {
    this.heard(status.metadata);
    const outcome = grpcOutcome(status, this.#bytes, this.#ownEnd, this.#howFar());
    // A server that answers has heard of it.
    if (outcome.status !== undefined && this.#ownEnd === undefined) this.#tellSent();
    const isAnswered = outcome.failure === undefined && outcome.isCancelled !== true;
    const answer = isAnswered ? this.#comparison?.end(outcome.status, this.#mayBeCoded) : undefined;
    if (answer !== undefined) outcome.answer = answer;
    this.#done(outcome);
  }

  #howFar(): string {
    if (!this.#isSent) return GIVEN_UP.unsent;
    return this.#hasAnswer ? GIVEN_UP.inAnswer : GIVEN_UP.unanswered;
  }

  /** grpc-js would not take it. */
  refused(detail: string): void {
    this.#done(failedSend('bad_request', detail));
  }

  #done(outcome: SendOutcome): void {
    if (this.isDone) return;
    this.isDone = true;
    this.#stopDeadline?.();
    this.#hooks.departures.forget(this);
    this.#hooks.onEnd();
    this.#hooks.departures.lookSoon();
    if (this.#headerValue !== undefined) outcome.headerValue = this.#headerValue;
    const { traffic } = this.#hooks;
    this.#listener.onDone(traffic === undefined ? outcome : { ...outcome, stream: traffic.times() });
  }
}

const NOTHING = Promise.resolve(new Metadata());

/**
 * grpc-js asks for call credentials when a connection was found for a call and its headers are about to be
 * handed to HTTP/2, and nothing else in its interface tells of that moment.
 */
class SentHook extends CallCredentials {
  readonly #onPicked: () => void;

  constructor(onPicked: () => void) {
    super();
    this.#onPicked = onPicked;
  }

  generateMetadata(): Promise<Metadata> {
    this.#onPicked();
    return NOTHING;
  }

  compose(): CallCredentials {
    return this;
  }

  _equals(other: CallCredentials): boolean {
    return other === this;
  }
}

import { CallCredentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import type { Clock, SendListener, SendOutcome } from '../replay/ports.ts';
import { failedSend } from '../replay/send-outcome.ts';
import { grpcOutcome, type OwnEnd } from './grpc-outcome.ts';

/** The part of a grpc-js call that ends it. */
interface Cancellable {
  cancel(): void;
}

/** What unary calls and streams have in common: what is told to the listener, the deadline, and how a call ends. */
export class GrpcCall {
  isDone = false;
  readonly credentials: CallCredentials;
  readonly #listener: SendListener;
  readonly #onEnd: () => void;
  #call: Cancellable | undefined;
  #stopDeadline: (() => void) | undefined;
  #ownEnd: OwnEnd;
  #isSent = false;
  #hasAnswer = false;
  #bytes = 0;

  /** `onSent` is called after the listener heard of it, `onEnd` before. */
  constructor(listener: SendListener, hooks: { onSent: (() => void) | undefined; onEnd: () => void }) {
    this.#listener = listener;
    this.#onEnd = hooks.onEnd;
    this.credentials = new SentHook(() => {
      // A pick that meets a connection just lost is repeated.
      if (this.#isSent || this.isDone) return;
      this.#isSent = true;
      listener.onSent();
      hooks.onSent?.();
    });
  }

  /** The call exists; it may have ended already. */
  begun(call: Cancellable, deadlineNs: number | undefined, clock: Clock): void {
    this.#call = call;
    if (this.#ownEnd !== undefined) call.cancel();
    if (deadlineNs === undefined || this.isDone) return;
    this.#stopDeadline = clock.at(clock.nowNs() + deadlineNs, () => this.end('deadline'));
  }

  /** Counts a message of the answer. An arrow: grpc-js calls it bare, as its deserializer. */
  readonly received = (message: Buffer): Buffer => {
    this.#bytes += message.length;
    if (!this.#hasAnswer) {
      this.#hasAnswer = true;
      if (!this.isDone) this.#listener.onFirstAnswer();
    }
    return message;
  };

  /** Ends the call from our side. */
  end(why: OwnEnd): void {
    if (this.isDone || this.#ownEnd !== undefined) return;
    this.#ownEnd = why;
    this.#call?.cancel();
  }

  ended(status: StatusObject): void {
    this.#done(grpcOutcome(status, this.#bytes, this.#ownEnd));
  }

  /** grpc-js would not take it. */
  refused(detail: string): void {
    this.#done(failedSend('bad_request', detail));
  }

  #done(outcome: SendOutcome): void {
    if (this.isDone) return;
    this.isDone = true;
    this.#stopDeadline?.();
    this.#onEnd();
    this.#listener.onDone(outcome);
  }
}

const NOTHING = Promise.resolve(new Metadata());

/**
 * grpc-js asks for call credentials when a connection was found for a call and its headers are about to be
 * written, and nothing else in its interface tells of that moment.
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

import type { FailureCode, SendListener, SendOutcome } from '../../replay/ports.ts';
import type { OwnEnd } from '../grpc-outcome.ts';
import type { AnswerHead } from './answer-heads.ts';
import { AnswerMessages, type Pushed } from './answer-messages.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { Outgoing } from './outgoing.ts';
import type { PreparedGrpcCall } from './prepare-grpc-call.ts';
import { answeredOutcome, failedOutcome, ownOutcome, resetOutcome, strangeHead } from './wire-outcome.ts';

/** The connection a call is open on. */
export interface CallCarrier {
  /** The call is over; `isCut` where the server must be told. */
  leave(call: WireCall, isCut: boolean): void;
  /** The call's `outgoing` has more. */
  wrote(call: WireCall): void;
}

/** Hears that a call is over, before its listener does. */
export interface CallOwner {
  ended(call: WireCall): void;
}

/** One gRPC call, from being handed over to its one outcome. */
export class WireCall {
  readonly prepared: PreparedGrpcCall;
  isDone = false;
  /** Where its wait for a full connection began, in ns of the pool's own count. */
  heldFromNs = 0;
  /** How long full connections held it, in ns. */
  heldNs = 0;
  /** The connections it may use; undefined until it has a place. */
  pool: ConnectionPool | undefined;
  /** Set while it is open on a connection. */
  carrier: CallCarrier | undefined;
  streamId = 0;
  /** What the stream's window still lets us send; negative where the server took back what it had granted. */
  sendWindow = 0;
  /** Bytes received that the server's window has not got back. */
  unreturnedBytes = 0;
  /** What is left to send; undefined where the whole message left at once. */
  outgoing: Outgoing | undefined;
  /** Starts a stream's recorded steps; returns what stops them. */
  play: (() => () => void) | undefined;
  /** Where the deadline is kept; undefined for none. */
  deadlineTick: number | undefined;
  readonly #listener: SendListener;
  readonly #owner: CallOwner;
  readonly #messages = new AnswerMessages();
  #head: AnswerHead | undefined;
  #stopPlaying: (() => void) | undefined;
  #isTold = false;

  constructor(prepared: PreparedGrpcCall, listener: SendListener, owner: CallOwner) {
    this.prepared = prepared;
    this.#listener = listener;
    this.#owner = owner;
  }

  /** It has a stream: what was recorded of it begins now. */
  begin(): void {
    if (this.play === undefined) return;
    const stop = this.play();
    // It may have played to a cancel already.
    if (this.isDone) stop();
    else this.#stopPlaying = stop;
  }

  write(framed: Buffer): void {
    this.outgoing?.add(framed);
    this.carrier?.wrote(this);
  }

  halfClose(): void {
    if (this.outgoing !== undefined) this.outgoing.isHalfClosed = true;
    this.carrier?.wrote(this);
  }

  /** Its first byte is being handed to the socket. */
  sent(): void {
    if (this.isDone || this.#isTold) return;
    this.#isTold = true;
    this.#listener.onSent(this.heldNs);
  }

  /** Ends the call from our side. */
  end(why: Exclude<OwnEnd, undefined>): void {
    // It leaves in this turn, and its end right behind it.
    if (this.carrier !== undefined) this.sent();
    if (!this.isDone) this.#finish(ownOutcome(why, this.#messages.responseBytes), true);
  }

  /** The connection is gone, or never takes it. */
  lost(failure: FailureCode, detail: string): void {
    if (!this.isDone) this.#finish(failedOutcome(failure, detail, this.#messages.responseBytes), false);
  }

  reset(errorCode: number): void {
    this.#finish(resetOutcome(errorCode, this.#messages.responseBytes), false);
  }

  headers(head: AnswerHead, isEnd: boolean): void {
    if (this.#head !== undefined) {
      if (isEnd) this.#answered(head);
      else this.#strange('headers in the middle of an answer', false);
      return;
    }
    if (isInterim(head) && !isEnd) return;
    const strange = strangeHead(head);
    this.#head = head;
    if (strange !== undefined) this.#strange(strange, isEnd);
    else if (isEnd) this.#answered(head);
  }

  data(bytes: Uint8Array, from: number, to: number, isEnd: boolean): void {
    const head = this.#head;
    const pushed = this.#messages.push(bytes, from, to);
    const strange = this.#strangeData(pushed);
    if (head === undefined || strange !== undefined) {
      this.#strange(strange ?? 'a message before the headers', isEnd);
      return;
    }
    if (pushed === 'first') this.#listener.onFirstAnswer();
    if (isEnd && !this.isDone) this.#answered(head);
  }

  #strangeData(pushed: Pushed): string | undefined {
    if (pushed === 'strange') return 'a message with a flag that does not exist';
    const isUnknown = this.#messages.isCompressed && isIdentity(this.#head?.grpcEncoding ?? '');
    return isUnknown ? 'a compressed message without a grpc-encoding' : undefined;
  }

  #answered(trailers: AnswerHead): void {
    const { responseBytes, isWhole } = this.#messages;
    // A server may answer before it has heard everything; it need not hear the rest.
    this.#finish(answeredOutcome(trailers, responseBytes, isWhole), this.outgoing?.isEnded === false);
  }

  #strange(what: string, isEnd: boolean): void {
    this.#finish(failedOutcome('bad_response', what, this.#messages.responseBytes), !isEnd);
  }

  #finish(outcome: SendOutcome, isCut: boolean): void {
    this.isDone = true;
    this.#stopPlaying?.();
    this.carrier?.leave(this, isCut);
    this.#owner.ended(this);
    this.#listener.onDone(outcome);
  }
}

function isIdentity(encoding: string): boolean {
  return encoding === '' || encoding === 'identity';
}

/** 1xx: not the answer yet. */
function isInterim({ httpStatus }: AnswerHead): boolean {
  return httpStatus !== undefined && httpStatus >= 100 && httpStatus < 200;
}

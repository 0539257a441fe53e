import type { FailureCode, SendListener, SendOutcome } from '../../replay/ports.ts';
import type { Outcome } from '../../trace/record/record.ts';
import { GIVEN_UP } from '../answer/given-up.ts';
import type { OwnEnd } from '../answer/grpc-outcome.ts';
import type { StreamTraffic } from '../answer/stream-traffic.ts';
import type { StreamPlayer, StreamWriter } from '../request/grpc-stream-player.ts';
import type { GrpcAnswerHead } from './answer-heads.ts';
import { AnswerMessages, type Pushed } from './answer-messages.ts';
import type { Outgoing } from './outgoing.ts';
import type { PreparedGrpcCall } from './prepare-grpc-call.ts';
import { answeredOutcome, failedOutcome, ownOutcome, resetOutcome, strangeHead } from './wire-outcome.ts';

/** The connection a call is open on. */
export interface CallCarrier {
  /** Lets a call go that is over; `isCut` where the server must be told. */
  leave(call: WireCall, isCut: boolean): void;
  /** Hears that the call's `outgoing` has more. */
  wrote(call: WireCall): void;
}

/** The connections that a call may use. */
export interface CallPool {
  /** Why calls wait for a connection, in words. */
  readonly whyWaiting: string;
  /** Forgets a call that is over; it may have been waiting. */
  forget(call: WireCall): void;
}

/** What a call has that is a stream: its recorded steps, and when its messages went and came. */
export interface CallStream {
  readonly player: StreamPlayer;
  readonly traffic: StreamTraffic;
}

/** One gRPC call, from being handed over to its one outcome. */
export class WireCall implements StreamWriter {
  readonly prepared: PreparedGrpcCall;
  isDone = false;
  /** Where its wait for a full connection began, in ns of the pool's own count. */
  heldFromNs = 0;
  /** How long the call waited for a full connection, in ns. */
  heldNs = 0;
  /** The connections it may use; undefined until it has a place. */
  pool: CallPool | undefined;
  /** Whose call it is. */
  session = '';
  /** Set while it is open on a connection. */
  carrier: CallCarrier | undefined;
  streamId = 0;
  /** What the stream's window still lets us send; negative where the server took back what it had granted. */
  sendWindow = 0;
  /** Bytes received that the server's window has not got back. */
  unreturnedBytes = 0;
  /** The messages that are left to send; undefined where the whole message left at once. */
  outgoing: Outgoing | undefined;
  /** The stream of the call; undefined for a call of one message. */
  stream: CallStream | undefined;
  /** Where the deadline is kept; undefined for none. */
  deadlineTick: number | undefined;
  readonly #listener: SendListener;
  readonly #onEnded: (call: WireCall) => void;
  readonly #messages = new AnswerMessages();
  #head: GrpcAnswerHead | undefined;
  /** The value of the header that answers are counted by: of the head, or else of the trailers. */
  #headerValue: string | undefined;
  #isTold = false;

  /** `onEnded` is told that the call is over, before its listener is. */
  constructor(prepared: PreparedGrpcCall, listener: SendListener, onEnded: (call: WireCall) => void) {
    this.prepared = prepared;
    this.#listener = listener;
    this.#onEnded = onEnded;
  }

  /** Compares its answer with the recorded one. */
  compareWith(recorded: Outcome): void {
    this.#messages.compareWith(recorded);
  }

  /** Begins to play its stream: the call is open on a connection. */
  begin(): void {
    this.stream?.player.open();
  }

  write(framed: Buffer): void {
    this.outgoing?.add(framed);
    this.carrier?.wrote(this);
  }

  halfClose(): void {
    if (this.outgoing !== undefined) this.outgoing.isHalfClosed = true;
    this.carrier?.wrote(this);
  }

  cancel(): void {
    this.end('as_recorded');
  }

  /** Its first byte is being handed to the socket. */
  sent(): void {
    if (this.isDone || this.#isTold) return;
    this.#isTold = true;
    this.#listener.onSent(this.heldNs);
    this.stream?.player.started();
  }

  /** Notes that what was taken of its messages is being handed to the socket. */
  messagesLeft(): void {
    if (this.outgoing !== undefined) this.stream?.traffic.sentUpTo(this.outgoing.begunMessages);
  }

  /** Ends the call from our side. */
  end(why: Exclude<OwnEnd, undefined>): void {
    // It leaves in this turn, and its end right behind it.
    if (this.carrier !== undefined) this.sent();
    if (!this.isDone) this.#finish(ownOutcome(why, this.#howFar(), this.#messages.responseBytes), true);
  }

  #howFar(): string {
    if (this.carrier === undefined) return this.pool?.whyWaiting ?? GIVEN_UP.waiting;
    const waitingBytes = this.outgoing?.pendingBytes ?? 0;
    if (waitingBytes > 0) return `${waitingBytes} bytes of the request waited for the server's window`;
    return this.#head === undefined ? GIVEN_UP.unanswered : GIVEN_UP.inAnswer;
  }

  /** Ends the call because its connection is gone, or never takes it. */
  lost(failure: FailureCode, detail: string): void {
    if (!this.isDone) this.#finish(failedOutcome(failure, detail, this.#messages.responseBytes), false);
  }

  reset(errorCode: number): void {
    this.#finish(resetOutcome(errorCode, this.#messages.responseBytes), false);
  }

  headers(head: GrpcAnswerHead, isEnd: boolean): void {
    if (head.counted !== undefined) this.#headerValue ??= head.counted;
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
    this.stream?.traffic.receivedUpTo(this.#messages.count);
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

  #answered(trailers: GrpcAnswerHead): void {
    const { responseBytes, isWhole } = this.#messages;
    const outcome = answeredOutcome(trailers, responseBytes, isWhole);
    const answer = outcome.failure === undefined ? this.#messages.match(outcome.status) : undefined;
    if (answer !== undefined) outcome.answer = answer;
    // A server may answer before it has heard everything; it need not hear the rest.
    this.#finish(outcome, this.outgoing?.isEnded === false);
  }

  #strange(what: string, isEnd: boolean): void {
    this.#finish(failedOutcome('bad_response', what, this.#messages.responseBytes), !isEnd);
  }

  #finish(outcome: SendOutcome, isCut: boolean): void {
    this.isDone = true;
    this.stream?.player.stop();
    this.carrier?.leave(this, isCut);
    this.#onEnded(this);
    if (this.#headerValue !== undefined) outcome.headerValue = this.#headerValue;
    const { stream } = this;
    this.#listener.onDone(stream === undefined ? outcome : { ...outcome, stream: stream.traffic.times() });
  }
}

function isIdentity(encoding: string): boolean {
  return encoding === '' || encoding === 'identity';
}

/** Whether a head is an interim one (1xx), which is not the answer yet. */
function isInterim({ httpStatus }: GrpcAnswerHead): boolean {
  return httpStatus !== undefined && httpStatus >= 100 && httpStatus < 200;
}

import { emptyList } from '../../stable-shapes.ts';
import { hangUpNs } from '../../trace/record/cancelled.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { createPace, type Pace } from '../plan/pace.ts';
import type { Clock, Disposition, SendOutcome, Transport } from '../ports.ts';
import type { ReplayOptions } from '../replay-options.ts';
import { cancelledAsRecorded, failedSend, timedOutSend } from '../send-outcome.ts';
import { scaledOffset } from '../stream-offsets.ts';
import { Flight } from './flight.ts';
import type { Gate } from './gate.ts';
import { HangUps } from './hang-ups.ts';
import type { HoldMeter } from './hold-meter.ts';
import { giveUp, type InFlight } from './in-flight.ts';
import type { Ledger } from './ledger.ts';

/** What operations are sent and settled with. */
export interface FlightParts {
  options: ReplayOptions;
  clock: Clock;
  inFlight: InFlight;
  ledger: Ledger;
  meter: HoldMeter;
  /** Who sends a record; undefined: nobody. */
  transports: { transportFor(record: TraceRecord): Transport | undefined };
  /** Called when an operation is settled by what its transport told, and others may leave. */
  onDone(): void;
}

/** Takes operations from their place in the plan to their settlement: hands them to transports and hears what those tell. */
export class Flights {
  /** Set once, before the first operation. */
  gate!: Gate;
  readonly #options: ReplayOptions;
  readonly #clock: Clock;
  readonly #inFlight: InFlight;
  readonly #ledger: Ledger;
  readonly #meter: HoldMeter;
  readonly #pace: Pace;
  readonly #transports: FlightParts['transports'];
  readonly #onDone: () => void;
  readonly #hangUps: HangUps;
  readonly #free = emptyList<Flight>();

  constructor({ options, clock, inFlight, ledger, meter, transports, onDone }: FlightParts) {
    this.#options = options;
    this.#clock = clock;
    this.#inFlight = inFlight;
    this.#ledger = ledger;
    this.#meter = meter;
    this.#pace = createPace(options.pace);
    this.#transports = transports;
    this.#onDone = onDone;
    this.#hangUps = new HangUps(clock, (flight, nowNs) => giveUp(flight, 'as_recorded', nowNs));
  }

  /** One that is free, to become the next operation of the plan. */
  take(): Flight {
    return this.#free.pop() ?? new ToldFlight(this);
  }

  send(flight: Flight, nowNs: number): void {
    this.#inFlight.add(flight, nowNs + this.#timeLimitNs(flight));
    const cancel = this.#handOver(flight);
    // A transport may be done before it returns.
    if (flight.slot >= 0) flight.cancel = cancel;
  }

  /** Its transport says that its first byte leaves. `heldNs`: how long busy connections held it. */
  sent(flight: Flight, heldNs: number): void {
    flight.leave(this.#clock.nowNs(), heldNs);
    if (flight.record.outcome.error !== '') this.#planHangUp(flight);
    this.#ledger.sent(flight, this.#inFlight.size);
  }

  firstAnswer(flight: Flight, atNs?: number): void {
    flight.firstAnswerNs = atNs ?? this.#clock.nowNs();
  }

  done(flight: Flight, outcome: SendOutcome, atNs?: number): void {
    this.#land(flight, outcome, atNs);
    this.#free.push(flight);
    this.#onDone();
  }

  /** Settles an operation that was never with a transport. */
  settle(flight: Flight, disposition: Disposition): void {
    this.#conclude(flight, disposition);
    this.#free.push(flight);
  }

  /** Ends what has had its time: what hangs up as recorded, and what is past its time limit. */
  sweep(nowNs: number): void {
    // On a busy machine their own alarm may be the later one, and what had to be cancelled is no timeout.
    this.#hangUps.ring(nowNs);
    this.#inFlight.sweep(nowNs, this.#onLost);
  }

  stop(): void {
    this.#hangUps.stop();
  }

  /** A server's own time does not shrink with the multiplier, and what follows the client's grows as that goes down. */
  #timeLimitNs(flight: Flight): number {
    const recordedNs = flight.record.durationNs ?? 0;
    return this.#options.timeoutNs + recordedNs / Math.min(1, this.#timeScale(flight));
  }

  #handOver(flight: Flight): (() => void) | undefined {
    const { record } = flight;
    try {
      const transport = this.#transports.transportFor(record);
      if (transport !== undefined) return transport.send(record, this.#timeScale(flight), flight);
      flight.onDone(failedSend('bad_request', 'there is no target for it'));
    } catch (thrown) {
      flight.onDone(failedSend('bad_request', `the transport refused it: ${String(thrown)}`));
    }
    return undefined;
  }

  /** How many times faster than recorded time passes at its due time: for what happens inside a stream. */
  #timeScale({ offsetNs }: Flight): number {
    return this.#options.multiplier * this.#pace.rateAt(offsetNs);
  }

  /** Streams are played to their end by their transport. */
  #planHangUp(flight: Flight): void {
    const { record, sentNs } = flight;
    const afterNs = record.stream === undefined ? hangUpNs(record) : undefined;
    if (afterNs === undefined || sentNs === undefined) return;
    this.#hangUps.add(flight, sentNs + scaledOffset(afterNs, this.#timeScale(flight)));
  }

  /** The transport still holds the flight and its bytes, so neither is used again. */
  readonly #onLost = (flight: Flight): void => {
    flight.lease = undefined;
    this.#land(flight, failedSend('cancelled', 'the transport never gave it back'));
  };

  #land(flight: Flight, told: SendOutcome, atNs = this.#clock.nowNs()): void {
    flight.doneNs = atNs;
    this.#meter.interrupt(atNs);
    this.#inFlight.remove(flight);
    const outcome = this.#outcomeOf(flight, told);
    flight.outcome = outcome;
    const isCut = flight.givenUp === 'cut_off' && outcome.failure !== undefined;
    this.#conclude(flight, isCut ? 'cut_off' : this.#isOk(flight.record.op, outcome) ? 'ok' : 'error');
  }

  #outcomeOf(flight: Flight, told: SendOutcome): SendOutcome {
    const { givenUp, record } = flight;
    if (givenUp === 'timeout') return timedOutSend(told, this.#timeLimitNs(flight));
    return givenUp === 'as_recorded' ? cancelledAsRecorded(told, record.protocol === 'grpc') : told;
  }

  #isOk(op: string, { ok, status, failure }: SendOutcome): boolean {
    if (failure !== undefined) return false;
    return ok || (status !== undefined && this.#options.missStatus.get(op) === status);
  }

  #conclude(flight: Flight, disposition: Disposition): void {
    this.#ledger.settled(flight, disposition, this.#inFlight.size);
    this.gate.leave(flight);
    flight.reset();
  }
}

/** A flight that passes on what its transport tells, unless it is no longer in flight. */
class ToldFlight extends Flight {
  readonly #flights: Flights;

  constructor(flights: Flights) {
    super();
    this.#flights = flights;
  }

  onSent(heldNs = 0): void {
    if (this.slot >= 0) this.#flights.sent(this, heldNs);
  }

  onFirstAnswer(atNs?: number): void {
    if (this.slot >= 0) this.#flights.firstAnswer(this, atNs);
  }

  onDone(outcome: SendOutcome, atNs?: number): void {
    if (this.slot >= 0) this.#flights.done(this, outcome, atNs);
  }
}

import type { Clock } from '../ports.ts';
import type { ReplayOptions } from '../replay-options.ts';
import type { Backlog } from './backlog.ts';
import type { Flight } from './flight.ts';
import type { Flights } from './flights.ts';
import type { Gate } from './gate.ts';
import type { Hold, HoldMeter } from './hold-meter.ts';
import type { InFlight } from './in-flight.ts';
import type { Lineup } from './plan-queue.ts';

/** Steps before the caller has to let sockets have a turn of the event loop. */
const STEPS_PER_TURN = 256;

/** Moves operations from the plan through gate and backlog out of the door: one short decision at a time. */
export class ReleaseLoop {
  /** Due times count from here; undefined until the first batch is there. */
  anchorNs: number | undefined;
  stretchedNs = 0;
  lateReleases = 0;
  lastDueNs: number | undefined;
  lastReleaseNs: number | undefined;
  maxHeld = 0;
  heldLimitHits = 0;
  /** `--behind abort`: an operation was later than allowed, and none leaves any more. */
  isBehind = false;
  gate!: Gate;
  readonly meter: HoldMeter;
  readonly #options: ReplayOptions;
  readonly #clock: Clock;
  readonly #queue: Lineup;
  readonly #backlog: Backlog;
  readonly #inFlight: InFlight;
  readonly #flights: Flights;
  readonly #isAsap: boolean;
  /** `stretch` and `asap` take the next operation only when the one before has left. */
  readonly #isOneByOne: boolean;
  #heldBytes = 0;
  #isHeldFull = false;

  constructor(parts: {
    options: ReplayOptions;
    clock: Clock;
    queue: Lineup;
    backlog: Backlog;
    inFlight: InFlight;
    flights: Flights;
    meter: HoldMeter;
  }) {
    this.#options = parts.options;
    this.#clock = parts.clock;
    this.#queue = parts.queue;
    this.#backlog = parts.backlog;
    this.#inFlight = parts.inFlight;
    this.#flights = parts.flights;
    this.meter = parts.meter;
    this.#isAsap = parts.options.timing.kind === 'asap';
    this.#isOneByOne = this.#isAsap || parts.options.behind === 'stretch';
  }

  /** Past due and not with a transport. */
  get held(): number {
    return this.gate.waiting + this.#backlog.size;
  }

  get isIdle(): boolean {
    return this.#queue.size === 0 && this.held === 0;
  }

  /** Lets go what may go. Returns when to look again, in ns on the clock; Infinity: when something happens. */
  turn(): number {
    let nowNs = this.#clock.nowNs();
    for (let step = 0; step < STEPS_PER_TURN; step += 1) {
      this.meter.look(nowNs);
      // Sending takes time; to take one from the plan takes none that is worth a look at the clock.
      if (this.#releaseHead(nowNs)) nowNs = this.#clock.nowNs();
      else if (!this.#takeNext(nowNs)) {
        this.maxHeld = Math.max(this.maxHeld, this.held);
        const nextNs = this.#nextNs(nowNs);
        this.meter.rest(nowNs, nextNs, this.#hold(nowNs));
        return nextNs;
      }
    }
    nowNs = this.#clock.nowNs();
    this.meter.rest(nowNs, nowNs, 'none');
    return nowNs;
  }

  /** Nothing can leave now, or nothing is there: which is it? */
  #hold(nowNs: number): Hold {
    if (this.#backlog.size > 0) return this.#inFlight.size >= this.#options.maxInFlight ? 'full' : 'paced';
    const isDue = this.anchorNs !== undefined && this.anchorNs + this.#queue.nextNs <= nowNs;
    return isDue ? 'full' : 'none';
  }

  /** When it will most likely want to look after the next time; Infinity: not known. */
  get thenNs(): number {
    return this.anchorNs === undefined ? Infinity : this.anchorNs + this.#queue.afterNextNs;
  }

  /** Any one operation that has not left, taken out; undefined when there is none. */
  takeUnsent(): Flight | undefined {
    const planned = this.#queue.takeAny();
    if (planned !== undefined) {
      this.#setDue(planned);
      return planned;
    }
    const held = this.#backlog.drop() ?? this.gate.takeWaiting();
    if (held !== undefined) this.#heldBytes -= held.sizeBytes;
    return held;
  }

  /** The gate says: its predecessors are settled, it may leave. */
  opened(flight: Flight): void {
    const nowNs = this.#clock.nowNs();
    this.meter.interrupt(nowNs);
    flight.readyNs = Math.max(flight.dueNs, nowNs);
    this.meter.begin(flight, -Infinity);
    this.#backlog.push(flight);
  }

  /** The gate says: it waited too long and is out of the gate. */
  expired(flight: Flight): void {
    this.#heldBytes -= flight.sizeBytes;
    this.#flights.settle(flight, 'gate_timeout');
  }

  #releaseHead(nowNs: number): boolean {
    const head = this.#backlog.peek();
    if (head === undefined) return false;
    const lateNs = this.#isAsap ? 0 : nowNs - head.readyNs;
    const { behind, shedAfterNs, abortAfterNs, maxInFlight } = this.#options;
    if (behind === 'shed' && lateNs > shedAfterNs) {
      this.#backlog.drop();
      this.#heldBytes -= head.sizeBytes;
      this.#flights.settle(head, 'shed');
      return true;
    }
    if (behind === 'abort' && lateNs > abortAfterNs) {
      this.isBehind = true;
      return false;
    }
    if (this.#inFlight.size >= maxInFlight || this.#backlog.headAtNs(nowNs) > nowNs) return false;
    this.#backlog.release(nowNs, this.meter.hold === 'full');
    this.#leave(head, nowNs, lateNs);
    return true;
  }

  #leave(flight: Flight, nowNs: number, lateNs: number): void {
    this.#heldBytes -= flight.sizeBytes;
    this.meter.end(flight);
    flight.releasedNs = nowNs;
    if (lateNs > this.#options.lateGraceNs) {
      if (this.#options.behind === 'stretch') this.#stretch(flight, nowNs, lateNs);
      this.lateReleases += 1;
    }
    this.lastReleaseNs = nowNs;
    this.#flights.send(flight, nowNs);
  }

  /** The rest of the plan moves by the lateness, and the operation itself counts as due now. */
  #stretch(flight: Flight, nowNs: number, lateNs: number): void {
    this.anchorNs = (this.anchorNs ?? 0) + lateNs;
    this.stretchedNs += lateNs;
    flight.dueNs += lateNs;
    flight.readyNs = nowNs;
    flight.readingNs = 0;
    flight.fullNs = 0;
    flight.pacedNs = 0;
    flight.stalledNs = 0;
    this.lastDueNs = flight.dueNs;
  }

  #takeNext(nowNs: number): boolean {
    if (this.anchorNs === undefined || this.isBehind) return false;
    if (this.anchorNs + this.#queue.nextNs > nowNs || !this.#mayTake()) return false;
    const next = this.#queue.shift();
    if (next === undefined) return false;
    this.#setDue(next);
    this.lastDueNs = next.dueNs;
    this.#heldBytes += next.sizeBytes;
    // With `asap` everything is due at the start, and waiting for a predecessor is all there is.
    const deadlineNs = this.#isAsap ? Infinity : nowNs + this.#options.gateTimeoutNs;
    if (!this.gate.enter(next, deadlineNs)) return true;
    this.meter.begin(next, next.readNs);
    this.#backlog.push(next);
    return true;
  }

  #mayTake(): boolean {
    if (this.#isOneByOne && this.#backlog.size > 0) return false;
    const { maxHeldRecords, maxHeldBytes } = this.#options;
    // One is always let in, or an operation larger than the limit would stop the plan for good.
    const isFull = this.held > 0 && (this.held >= maxHeldRecords || this.#heldBytes >= maxHeldBytes);
    if (isFull && !this.#isHeldFull) this.heldLimitHits += 1;
    this.#isHeldFull = isFull;
    return !isFull;
  }

  #setDue(flight: Flight): void {
    flight.dueFrom(this.anchorNs ?? this.#clock.nowNs());
  }

  #nextNs(nowNs: number): number {
    let nextNs = Infinity;
    if (this.anchorNs !== undefined) {
      const dueNs = this.anchorNs + this.#queue.nextNs;
      // Due and still here: it waits for something to happen, not for time.
      if (dueNs > nowNs) nextNs = dueNs;
    }
    if (this.#backlog.size > 0 && this.#inFlight.size < this.#options.maxInFlight) {
      nextNs = Math.min(nextNs, this.#backlog.headAtNs(nowNs));
    }
    return nextNs;
  }
}

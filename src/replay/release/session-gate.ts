import { MinHeap } from '../../min-heap.ts';
import type { Flight, GateSession } from './flight.ts';
import type { Gate } from './gate.ts';
import type { ReleaseLoop } from './release-loop.ts';

/**
 * The gate of `--order session`: an operation waits for those of its session that had ended, in the recording,
 * when it started. What overlapped may overlap again.
 *
 * Starts grow along the trace, so whatever blocks an operation blocks all later ones of its session as well.
 * That is why a queue per session is enough, and why only its head is ever compared, with the one unsettled
 * operation that ended first: no edges between operations, however many wait.
 */
export function createSessionGate(loop: ReleaseLoop): Gate {
  return new SessionGate(loop);
}

/** So many are kept in any case. */
const FEW_SESSIONS = 4096;

class SessionGate implements Gate {
  waiting = 0;
  readonly #loop: ReleaseLoop;
  /** Those with something unsettled, and idle ones that are forgotten when there are many: most come back soon. */
  readonly #sessions = new Map<string, GateSession>();
  #sweepAt = FEW_SESSIONS;
  // Everything that waits, in the order of entering, which is the order of the deadlines.
  #oldest: Flight | undefined;
  #newest: Flight | undefined;

  constructor(loop: ReleaseLoop) {
    this.#loop = loop;
  }

  enter(flight: Flight, deadlineNs: number): boolean {
    const session = this.#sessionOf(flight);
    flight.session = session;
    if (session.firstWaiting === undefined && !isBlocked(session, flight)) {
      session.inside.push(flight);
      return true;
    }
    flight.gateDeadlineNs = deadlineNs;
    this.#append(session, flight);
    return false;
  }

  leave(flight: Flight): void {
    const { session } = flight;
    if (session === undefined) return;
    if (flight.insideIndex >= 0) session.inside.removeAt(flight.insideIndex);
    flight.session = undefined;
    this.#advance(session);
  }

  expire(nowNs: number): void {
    for (let head = this.#oldest; head !== undefined && head.gateDeadlineNs <= nowNs; head = this.#oldest) {
      const session = head.session as GateSession;
      this.#removeHead(session, head);
      head.session = undefined;
      this.#loop.expired(head);
      this.#advance(session);
    }
  }

  takeWaiting(): Flight | undefined {
    const flight = this.#oldest;
    if (flight === undefined) return undefined;
    const session = flight.session as GateSession;
    this.#removeHead(session, flight);
    flight.session = undefined;
    return flight;
  }

  #advance(session: GateSession): void {
    for (let head = session.firstWaiting; head !== undefined; head = session.firstWaiting) {
      if (isBlocked(session, head)) return;
      this.#removeHead(session, head);
      session.inside.push(head);
      this.#loop.opened(head);
    }
  }

  #sessionOf(flight: Flight): GateSession {
    const name = flight.record.session;
    let session = this.#sessions.get(name);
    if (session === undefined) {
      if (this.#sessions.size >= this.#sweepAt) this.#sweep();
      session = newSession(name);
      this.#sessions.set(name, session);
    }
    return session;
  }

  /** Forgets idle sessions. */
  #sweep(): void {
    for (const [name, { inside, firstWaiting }] of this.#sessions) {
      if (inside.size === 0 && firstWaiting === undefined) this.#sessions.delete(name);
    }
    this.#sweepAt = Math.max(FEW_SESSIONS, 2 * this.#sessions.size);
  }

  #append(session: GateSession, flight: Flight): void {
    if (session.lastWaiting === undefined) session.firstWaiting = flight;
    else session.lastWaiting.nextInSession = flight;
    session.lastWaiting = flight;
    flight.previousGated = this.#newest;
    if (this.#newest === undefined) this.#oldest = flight;
    else this.#newest.nextGated = flight;
    this.#newest = flight;
    this.waiting += 1;
  }

  #removeHead(session: GateSession, flight: Flight): void {
    session.firstWaiting = flight.nextInSession;
    if (session.firstWaiting === undefined) session.lastWaiting = undefined;
    if (flight.previousGated === undefined) this.#oldest = flight.nextGated;
    else flight.previousGated.nextGated = flight.nextGated;
    if (flight.nextGated === undefined) this.#newest = flight.previousGated;
    else flight.nextGated.previousGated = flight.previousGated;
    flight.nextInSession = undefined;
    flight.nextGated = undefined;
    flight.previousGated = undefined;
    this.waiting -= 1;
  }
}

/** Makes a session without operations. */
export function newSession(name: string): GateSession {
  return {
    name,
    inside: new MinHeap(endsFirst, setInside),
    firstWaiting: undefined,
    lastWaiting: undefined,
  };
}

/** Whether something unsettled had ended, in the recording, when the operation started. */
export function isBlocked(session: GateSession, flight: Flight): boolean {
  const first = session.inside.peek();
  return first !== undefined && first.timelineEndNs <= flight.timelineNs;
}

function endsFirst(a: Flight, b: Flight): boolean {
  return a.timelineEndNs < b.timelineEndNs;
}

function setInside(flight: Flight, index: number): void {
  flight.insideIndex = index;
}

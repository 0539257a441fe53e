import { MinHeap } from '../../min-heap.ts';
import { createPace, type Pace } from '../plan/pace.ts';
import type { ReplayOptions } from '../replay-options.ts';
import type { Flight, GateSession } from './flight.ts';
import type { Gate } from './gate.ts';
import { PausedReader } from './paused-reader.ts';
import type { Lineup } from './plan-queue.ts';
import { isDueFirst, plannedFlight } from './planned-flight.ts';
import { isBlocked, newSession } from './session-gate.ts';

/** An operation of a session as far as later ones depend on it. Recorded times on the timeline, others as offsets. */
interface Spell {
  readonly startNs: number;
  readonly endNs: number;
  readonly dueNs: number;
  /** When it was settled. */
  doneNs: number;
}

interface ThinkSession extends GateSession {
  /** Operations that later ones may still overlap, in the order of their starts. */
  readonly open: Spell[];
  /** When the last of those that had ended, in the recording, was settled in the replay, and that recorded end. */
  followNs: number | undefined;
  endNs: number;
}

export type ThinkOptions = Pick<
  ReplayOptions,
  'multiplier' | 'pace' | 'maxGapNs' | 'maxHeldRecords' | 'maxHeldBytes' | 'lateGraceNs'
>;

/** Sessions with nothing to do that are remembered; one that comes back later begins at its recorded time again. */
const SESSIONS_KEPT = 65_536;

/**
 * The plan of `--timing think`: a session is a client that waits for its answer and then pauses as long as it did.
 *
 * - The first operation of a session is due at its recorded time.
 * - One that started when nothing of its session was open is due when its recorded pause has passed since the last
 *   of those before it was settled.
 * - One that overlapped others keeps its recorded distance from the due time of the one that started last of them,
 *   and still waits for those that had ended.
 *
 * So due times follow from answers, and an operation is never late because of its session. As a fast server makes
 * sessions run ahead of the recording, everything is read as far ahead as may be held; a session that comes to the
 * end of what was read goes on when more is there (`readLate`).
 */
export class ThinkQueue implements Lineup, Gate {
  readonly afterNextNs = Infinity;
  readonly waiting = 0;
  size = 0;
  /** Operations that were due before they were read. */
  readLate = 0;
  #sizeBytes = 0;
  readonly #reader = new PausedReader();
  readonly #due = new MinHeap<Flight>(isDueFirst);
  readonly #sessions = new Map<string, ThinkSession>();
  readonly #options: ThinkOptions;
  readonly #pace: Pace;
  readonly #nowNs: () => number;
  readonly #takeFlight: () => Flight;

  /** `nowNs`: time since the anchor. */
  constructor(options: ThinkOptions, nowNs: () => number, takeFlight: () => Flight) {
    this.#options = options;
    this.#pace = createPace(options.pace);
    this.#nowNs = nowNs;
    this.#takeFlight = takeFlight;
  }

  get full(): boolean {
    const { maxHeldRecords, maxHeldBytes } = this.#options;
    return this.size >= maxHeldRecords || this.#sizeBytes >= maxHeldBytes;
  }

  get nextNs(): number {
    return this.#due.peek()?.offsetNs ?? Infinity;
  }

  plan(...planned: Parameters<Lineup['plan']>): void {
    this.#push(plannedFlight(this.#takeFlight, planned));
  }

  #push(flight: Flight): void {
    const session = this.#sessionOf(flight.record.session);
    flight.session = session;
    this.size += 1;
    this.#sizeBytes += flight.sizeBytes;
    if (session.firstWaiting !== undefined || isBlocked(session, flight)) append(session, flight);
    else {
      this.#admit(session, flight);
      if (flight.offsetNs < this.#nowNs() - this.#options.lateGraceNs) this.readLate += 1;
    }
  }

  shift(): Flight | undefined {
    return this.#removed(this.#due.pop());
  }

  takeAny(): Flight | undefined {
    const due = this.shift();
    if (due !== undefined) return due;
    for (const session of this.#sessions.values()) {
      const flight = session.firstWaiting;
      if (flight === undefined) continue;
      removeFirst(session);
      flight.session = undefined;
      return this.#removed(flight);
    }
    return undefined;
  }

  pauseReader(): Promise<void> {
    return this.#reader.pause();
  }

  resumeReader(): void {
    this.#reader.resume();
  }

  // As a gate: what is due may leave.

  enter(): boolean {
    return true;
  }

  leave(flight: Flight): void {
    const session = flight.session as ThinkSession | undefined;
    if (session === undefined) return;
    flight.session = undefined;
    session.inside.removeAt(flight.insideIndex);
    const spell = flight.spell as Spell;
    spell.doneNs = this.#nowNs();
    flight.spell = undefined;
    for (let head = session.firstWaiting; head !== undefined; head = session.firstWaiting) {
      if (isBlocked(session, head)) return;
      removeFirst(session);
      this.#admit(session, head);
    }
    if (session.inside.size === 0) this.#rest(session);
  }

  expire(): void {}

  takeWaiting(): undefined {}

  /** Nothing it waits for is unsettled: its due time is known. */
  #admit(session: ThinkSession, flight: Flight): void {
    const dueNs = this.#dueNs(session, flight);
    const spell = { startNs: flight.timelineNs, endNs: flight.timelineEndNs, dueNs, doneNs: dueNs };
    flight.offsetNs = dueNs;
    flight.spell = spell;
    session.open.push(spell);
    session.inside.push(flight);
    this.#due.push(flight);
  }

  #dueNs(session: ThinkSession, flight: Flight): number {
    const startNs = flight.timelineNs;
    follow(session, startNs);
    const beside = session.open.at(-1);
    const { followNs } = session;
    if (beside !== undefined) {
      const besideNs = this.#after(beside.dueNs, startNs - beside.startNs);
      return Math.max(besideNs, followNs ?? besideNs);
    }
    return followNs === undefined ? flight.offsetNs : this.#after(followNs, startNs - session.endNs);
  }

  /** `fromNs`, and a recorded stretch of time after it. */
  #after(fromNs: number, recordedNs: number): number {
    const { multiplier, maxGapNs = Infinity } = this.#options;
    const planNs = this.#pace.planAt(fromNs) + Math.min(recordedNs, maxGapNs) / multiplier;
    return Math.round(this.#pace.replayAt(planNs));
  }

  #sessionOf(name: string): ThinkSession {
    let session = this.#sessions.get(name);
    if (session === undefined) {
      session = { ...newSession(name), open: [], followNs: undefined, endNs: 0 };
      this.#sessions.set(name, session);
      if (this.#sessions.size > SESSIONS_KEPT) this.#forgetIdle();
    }
    return session;
  }

  /** Behind all others in the order of forgetting. */
  #rest(session: ThinkSession): void {
    this.#sessions.delete(session.name);
    this.#sessions.set(session.name, session);
  }

  #forgetIdle(): void {
    for (const session of this.#sessions.values()) {
      if (session.inside.size > 0 || session.firstWaiting !== undefined) continue;
      this.#sessions.delete(session.name);
      return;
    }
  }

  #removed(flight: Flight | undefined): Flight | undefined {
    if (flight === undefined) return undefined;
    this.size -= 1;
    this.#sizeBytes -= flight.sizeBytes;
    const { maxHeldRecords, maxHeldBytes } = this.#options;
    if (this.size * 2 <= maxHeldRecords && this.#sizeBytes * 2 <= maxHeldBytes) this.resumeReader();
    return flight;
  }
}

/** Those that had ended when it started are followed; as starts grow, none of them is overlapped by later ones. */
function follow(session: ThinkSession, startNs: number): void {
  const { open } = session;
  let kept = 0;
  for (const spell of open) {
    if (spell.endNs > startNs) open[kept++] = spell;
    else {
      session.followNs = Math.max(session.followNs ?? -Infinity, spell.doneNs);
      session.endNs = Math.max(session.endNs, spell.endNs);
    }
  }
  open.length = kept;
}

function append(session: GateSession, flight: Flight): void {
  if (session.lastWaiting === undefined) session.firstWaiting = flight;
  else session.lastWaiting.nextInSession = flight;
  session.lastWaiting = flight;
}

function removeFirst(session: GateSession): void {
  const first = session.firstWaiting;
  session.firstWaiting = first?.nextInSession;
  if (session.firstWaiting === undefined) session.lastWaiting = undefined;
  if (first !== undefined) first.nextInSession = undefined;
}

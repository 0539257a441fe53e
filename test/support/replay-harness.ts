import { replay } from '../../src/replay/engine/engine.ts';
import type { ReplayDeps } from '../../src/replay/engine/replay-deps.ts';
import type { ReplayEnd } from '../../src/replay/engine/replay-end.ts';
import { ClientLoop, type ClientScript } from '../../src/replay/plan/client-loop.ts';
import { planFirstOperations } from '../../src/replay/plan/first-operations.ts';
import type {
  AnswerMatch,
  Clock,
  Disposition,
  Operation,
  SendOutcome,
  Transport,
} from '../../src/replay/ports.ts';
import { type ReplayOptions, replayOptions } from '../../src/replay/replay-options.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { makeRecord } from './make-record.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

export { makeRecord } from './make-record.ts';

export const MS = 1e6;
export const SECOND = 1e9;

/** How a scripted server treats one operation. */
export type Fate =
  | { kind: 'answer'; afterNs: number; ok: boolean; is?: AnswerMatch | undefined; headerValue?: string }
  | { kind: 'at_once'; ok: boolean }
  | { kind: 'throw' }
  /** Meets the end of a kept connection. */
  | { kind: 'kept_end' }
  /** Answers only when given up. */
  | { kind: 'hang' }
  /** Never says anything, not even then. */
  | { kind: 'lost' };

export interface SendEvent {
  record: TraceRecord;
  atNs: number;
}

/** A transport on a virtual clock that does as told and notes every call. */
export interface ScriptedTransport extends Transport {
  readonly sends: SendEvent[];
  open: number;
  mostOpen: number;
}

export function createScriptedTransport(
  clock: Clock,
  fateOf: (record: TraceRecord) => Fate,
): ScriptedTransport {
  const transport: ScriptedTransport = {
    sends: [],
    open: 0,
    mostOpen: 0,
    warmUp: () => Promise.resolve(),
    close: () => Promise.resolve(),
    send(record, _timeScale, listener) {
      transport.sends.push({ record, atNs: clock.nowNs() });
      const fate = fateOf(record);
      if (fate.kind === 'throw') throw new Error('scripted');
      transport.open += 1;
      transport.mostOpen = Math.max(transport.mostOpen, transport.open);
      let isDone = false;
      const done = (outcome: SendOutcome): void => {
        if (isDone) return;
        isDone = true;
        transport.open -= 1;
        listener.onDone(outcome);
      };
      listener.onSent();
      if (fate.kind === 'at_once') done(answer(fate.ok));
      if (fate.kind === 'kept_end')
        done({ ...answer(false), status: undefined, failure: 'keepalive_closed' });
      if (fate.kind === 'answer')
        clock.at(clock.nowNs() + fate.afterNs, () => done(answer(fate.ok, fate.is, fate.headerValue)));
      return () => {
        if (fate.kind === 'lost') transport.open -= 1;
        else done({ ...answer(false), status: undefined, failure: 'cancelled' });
      };
    },
  };
  return transport;
}

function answer(ok: boolean, is?: AnswerMatch | undefined, headerValue?: string | undefined): SendOutcome {
  return {
    status: ok ? 200 : 500,
    ok,
    failure: undefined,
    detail: '',
    responseBytes: 1,
    answer: is,
    headerValue,
  };
}

/** A settled operation, copied out of the engine's hands. */
export interface Settled extends Operation {
  disposition: Disposition;
}

export interface Played {
  end: ReplayEnd;
  settled: Settled[];
  sentNumbers: number[];
  transport: ScriptedTransport;
  clock: VirtualClock;
}

export interface PlayOptions extends Partial<ReplayOptions> {
  fateOf?: (record: TraceRecord) => Fate;
  batches?: (clock: VirtualClock) => AsyncIterable<TraceRecord[]>;
  openStarts?: (clock: VirtualClock) => AsyncIterable<TraceRecord[]>;
  deps?: Partial<ReplayDeps>;
  /** Plays a closed loop: the records are the first ones of its clients. */
  clients?: ClientScript;
  /** In place of the scripted one. */
  transportOn?: ((clock: VirtualClock) => Transport) | undefined;
  /** Runs when the replay has begun. */
  meanwhile?: (clock: VirtualClock) => void;
}

/** Plays records on a virtual clock to the end; a replay that is still open after a virtual day is a failed test. */
export async function play(records: TraceRecord[], given: PlayOptions = {}): Promise<Played> {
  const { fateOf = () => ({ kind: 'at_once', ok: true }), transportOn, ...others } = given;
  const { batches, openStarts, deps, meanwhile, clients, ...options } = others;
  const loop = clients && new ClientLoop(clients);
  const clock = createVirtualClock(1e12);
  const transport = createScriptedTransport(clock, fateOf);
  const used = transportOn?.(clock) ?? transport;
  const settled: Settled[] = [];
  const sentNumbers: number[] = [];
  const openSource = batches === undefined ? () => inBatches(records, 7) : () => batches(clock);
  const ending = replay(openSource, replayOptions(options), {
    clock,
    transportFor: () => used,
    observer: {
      onSent: (operation) => sentNumbers.push(operation.number),
      onSettled: (operation, disposition) => {
        settled.push({ ...copyOf(operation), disposition });
        loop?.onSettled(operation, disposition);
      },
    },
    readPlan:
      loop &&
      ((sink) =>
        loop.reader(sink, (first) =>
          planFirstOperations({ openSource, digest: undefined, durationNs: loop.durationNs }, first),
        )),
    openStarts: openStarts && (() => openStarts(clock)),
    ...deps,
  });
  meanwhile?.(clock);
  const end = await clock.runUntil(ending, 1e12 + 86_400 * SECOND);
  return { end, settled, sentNumbers, transport, clock };
}

function copyOf(operation: Operation): Operation {
  const {
    record,
    number,
    sequence,
    recordNumber,
    dueNs,
    readyNs,
    releasedNs,
    sentNs,
    firstAnswerNs,
    doneNs,
    outcome,
  } = operation;
  const { readingNs, fullNs, pacedNs, stalledNs } = operation;
  const waits = { readingNs, fullNs, pacedNs, stalledNs };
  const times = { dueNs, readyNs, releasedNs, sentNs, firstAnswerNs, doneNs };
  return { record, number, sequence, recordNumber, ...times, outcome, ...waits };
}

/** The records as a source yields them. */
export async function* inBatches(records: TraceRecord[], size: number): AsyncGenerator<TraceRecord[]> {
  for (let at = 0; at < records.length; at += size) yield records.slice(at, at + size);
}

/** Small seeded generator (mulberry32), for traces that are the same in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bursts of up to 20 records a few microseconds apart, with pauses of up to 300 ms between them. */
export function burstyTrace(count: number, sessions: number, seed: number): TraceRecord[] {
  const random = seededRandom(seed);
  const records: TraceRecord[] = [];
  let atNs = 5 * SECOND;
  let leftInBurst = 0;
  for (let at = 0; at < count; at += 1) {
    if (leftInBurst === 0) {
      atNs += Math.floor(random() * 300 * MS);
      leftInBurst = 1 + Math.floor(random() * 20);
    }
    leftInBurst -= 1;
    atNs += Math.floor(random() * 50_000);
    records.push(makeRecord(atNs, { session: `s${Math.floor(random() * sessions)}`, path: `/${at}` }));
  }
  return records;
}

import type { ReplayEnd } from '../../../src/replay/engine/replay-end.ts';
import type { Clock, Transport } from '../../../src/replay/ports.ts';
import { type ReplayOptions, replayOptions } from '../../../src/replay/replay-options.ts';
import { createLazyTransports } from '../../../src/replay-run/connect/lazy-transports.ts';
import type {
  FromSender,
  OpenSender,
  SenderListener,
  ToSender,
} from '../../../src/replay-run/senders/messages.ts';
import { replayBySenders, type SharedReplayDeps } from '../../../src/replay-run/senders/replay-by-senders.ts';
import { startSender } from '../../../src/replay-run/senders/sender.ts';
import { SenderPool } from '../../../src/replay-run/senders/sender-pool.ts';
import { UNKNOWN_HEALTH } from '../../../src/results/generator-health.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { createScriptedTransport, type Fate, inBatches, MS, SECOND } from '../../support/replay-harness.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

/** Messages between "threads" are copied, and arrive later, in order. */
const LATENCY_NS = 0.1 * MS;

export interface InProcess {
  open: OpenSender;
  /** The sender is gone from now on; what it had posted arrives before the news. */
  die(number: number, why: string): void;
  /** Nothing it says is heard any more, and it hears nothing. */
  muffle(number: number): void;
}

/** Senders without threads, on one (virtual) clock. */
export function inProcessSenders(clock: Clock, transportOf: (number: number) => Transport): InProcess {
  const dead = new Set<number>();
  const listeners: SenderListener[] = [];
  const later = (work: () => void): void => void clock.at(clock.nowNs() + LATENCY_NS, work);
  const die = (number: number, why: string): void => {
    if (dead.has(number)) return;
    dead.add(number);
    later(() => listeners[number]?.gone(why));
  };
  const open: OpenSender = (number, options, listener) => {
    listeners[number] = listener;
    const transport = transportOf(number);
    const hear = startSender({
      options,
      clock,
      transports: createLazyTransports({ http: async () => transport, grpc: async () => transport }),
      startHealth: () => ({ stop: () => UNKNOWN_HEALTH }),
      tell: (message) => {
        if (dead.has(number)) return;
        const copy = structuredClone(message) as FromSender;
        later(() => listener.message(copy));
      },
      leave: () => die(number, 'left'),
    });
    return {
      post: (message) => {
        const copy = structuredClone(message) as ToSender;
        later(() => void (dead.has(number) || hear(copy)));
      },
      terminate: async () => die(number, 'terminated'),
    };
  };
  return { open, die, muffle: (number) => void dead.add(number) };
}

export interface SharedPlay {
  end: ReplayEnd;
  /** What each sender sent. */
  sends: { record: TraceRecord; atNs: number }[][];
  mostOpen: number[];
}

export interface SharedPlayOptions extends Partial<ReplayOptions> {
  senders: number;
  fateOf?: (record: TraceRecord) => Fate;
  batches?: (clock: VirtualClock) => AsyncIterable<TraceRecord[]>;
  observer?: SharedReplayDeps['observer'];
  meanwhile?: (clock: VirtualClock, senders: InProcess, pool: SenderPool) => void;
}

/** Plays records by several senders on a virtual clock to the end; one that is open after a virtual day is a failed test. */
export async function playShared(records: TraceRecord[], given: SharedPlayOptions): Promise<SharedPlay> {
  const {
    senders,
    fateOf = () => ({ kind: 'at_once', ok: true }),
    batches,
    observer,
    meanwhile,
    ...rest
  } = given;
  const clock = createVirtualClock(1e12);
  const transports = Array.from({ length: senders }, () => createScriptedTransport(clock, fateOf));
  const inProcess = inProcessSenders(clock, (number) => transports[number] as Transport);
  const options = replayOptions(rest);
  const pool = new SenderPool(options, senders, inProcess.open);
  await pool.prepare(['http']);
  const source = batches === undefined ? () => inBatches(records, 7) : () => batches(clock);
  const silent = { onSent() {}, onSettled() {} };
  const ending = replayBySenders(source, options, { clock, observer: observer ?? silent }, pool);
  meanwhile?.(clock, inProcess, pool);
  const end = await clock.runUntil(ending, 1e12 + 86_400 * SECOND);
  const closing = pool.close();
  await clock.advance(clock.nowNs() + SECOND);
  await closing;
  return {
    end,
    sends: transports.map(({ sends }) => sends),
    mostOpen: transports.map(({ mostOpen }) => mostOpen),
  };
}

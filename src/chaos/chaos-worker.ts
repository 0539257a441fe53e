import { parentPort, workerData } from 'node:worker_threads';
import type { ChaosCounts, ChaosSection } from '../results/document/chaos-section.ts';
import { createChaosBytes } from './chaos-bytes.ts';
import type { ChaosWork, FromChaos, ToChaos } from './chaos-messages.ts';
import { type ChaosEvent, chaosEvents, chaosPlanned, isChaosOf } from './chaos-plan.ts';
import { type BeginEvent, ChaosPlayer } from './chaos-player.ts';
import { createChaosSockets } from './open-chaos-socket.ts';
import { playEvent } from './play-event.ts';

// Entry point of the thread that does what [chaos] of a scenario says, apart from who sends the load.

const { plan, scenario, targets, shard } = workerData as ChaosWork;
const planned = chaosPlanned(plan, shard);
const player = new ChaosPlayer(ownEvents(), plan.spec.mostConnections, createBegin(), {
  nowMs: () => performance.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  },
});

parentPort?.on('message', (message: ToChaos) => {
  if (message === 'start') player.start();
  else {
    player.end();
    tell({ kind: 'ended', section: sectionOf() });
    parentPort?.close();
  }
});
tell({ kind: 'ready' });

function tell(message: FromChaos): void {
  parentPort?.postMessage(message);
}

function* ownEvents(): Generator<ChaosEvent> {
  for (const event of chaosEvents(plan)) if (isChaosOf(shard, event)) yield event;
}

/** An aborted request gets so much time at most before it is reset; by chance less. */
const MOST_ABORT_MS = 20;
const TWO_32 = 2 ** 32;

function createBegin(): BeginEvent {
  const known = targets.map((target) => ({
    protocol: target.protocol,
    open: createChaosSockets(target),
    bytesOf: createChaosBytes(target, scenario, plan.seed),
  }));
  return (event, onEnd) => {
    const { kind, share } = event;
    const { protocol, open, bytesOf } = known[event.target % known.length] as (typeof known)[number];
    const connectMs = plan.spec.holdNs / 1e6;
    const holdMs = kind === 'aborted_requests' ? (share / TWO_32) * MOST_ABORT_MS : connectMs;
    return playEvent({ kind, protocol, bytes: bytesOf(event), open, connectMs, holdMs, onEnd });
  };
}

function sectionOf(): ChaosSection {
  const { counts } = player;
  const whole = (kind: keyof typeof counts): ChaosCounts => {
    const { attempted, skipped } = counts[kind];
    const all = planned.counts[kind] ?? 0;
    return { planned: all, unreached: all - attempted - skipped, ...counts[kind] };
  };
  return {
    plan_digest: planned.digest,
    stalled_connections: whole('stalled_connections'),
    aborted_requests: whole('aborted_requests'),
    malformed_requests: whole('malformed_requests'),
    slow_readers: whole('slow_readers'),
  };
}

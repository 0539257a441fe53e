import { createHash } from 'node:crypto';
import { naturalLog } from '../exact-math.ts';
import type { ShardPart } from '../replay/replay-options.ts';
import type { ChaosPlanned } from '../replay-run/options/chaos-load.ts';
import { CHAOS_KINDS, type ChaosKind, type ChaosSpec } from '../workload/scenario/chaos-spec.ts';
import { SeededStream } from '../workload/streams/seeded-stream.ts';

/** One thing that is done to a target. */
export interface ChaosEvent {
  readonly kind: ChaosKind;
  /** Among those of its kind. */
  readonly number: number;
  readonly atNs: number;
  /** 32 random bits each: which of several things is sent, how much of it, and to which target. */
  readonly variant: number;
  readonly share: number;
  readonly target: number;
}

/** Which events: what a scenario says, and where its randomness comes from. Plain data. */
export interface ChaosPlan {
  readonly spec: ChaosSpec;
  readonly seed: number;
  readonly durationNs: number;
}

/** All events in the order of their times: of each kind a Poisson process, from a stream of its own. */
export function* chaosEvents({ spec, seed, durationNs }: ChaosPlan): Generator<ChaosEvent> {
  const kinds = CHAOS_KINDS.filter((kind) => spec.ratesPerSec[kind] > 0).map((kind) => {
    const events = eventsOfKind(kind, spec.ratesPerSec[kind], new SeededStream(seed, `chaos ${kind}`));
    return { events, next: nextOf(events) };
  });
  for (;;) {
    const [first, ...others] = kinds;
    if (first === undefined) return;
    let earliest = first;
    for (const each of others) if (each.next.atNs < earliest.next.atNs) earliest = each;
    if (earliest.next.atNs >= durationNs) return;
    yield earliest.next;
    earliest.next = nextOf(earliest.events);
  }
}

function* eventsOfKind(
  kind: ChaosKind,
  ratePerSec: number,
  stream: SeededStream,
): Generator<ChaosEvent, never> {
  let position = 0;
  for (let number = 0; ; number++) {
    position -= naturalLog(stream.positive(number));
    yield {
      ...{ kind, number, atNs: Math.round((position / ratePerSec) * 1e9) },
      ...{
        variant: stream.uint32(number, 2),
        share: stream.uint32(number, 3),
        target: stream.uint32(number, 4),
      },
    };
  }
}

function nextOf(events: Generator<ChaosEvent, never>): ChaosEvent {
  return events.next().value;
}

/** Whether an event is one of this shard's: together, shards do what one would. */
export function isChaosOf(shard: ShardPart | undefined, { number }: ChaosEvent): boolean {
  return shard === undefined || number % shard.of === shard.index;
}

/** Counts the events of a shard, and makes the digest of the whole plan. */
export function chaosPlanned(plan: ChaosPlan, shard: ShardPart | undefined): ChaosPlanned {
  const counts = Object.fromEntries(CHAOS_KINDS.map((kind) => [kind, 0])) as Record<ChaosKind, number>;
  const hash = createHash('sha256');
  for (const event of chaosEvents(plan)) {
    const { kind, atNs, variant, share, target } = event;
    hash.update(`${kind} ${atNs} ${variant} ${share} ${target}\n`);
    if (isChaosOf(shard, event)) counts[kind] += 1;
  }
  return { counts, digest: hash.digest('hex') };
}

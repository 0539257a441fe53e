import { bookDisposition, type ReplayAccounting } from '../../replay/accounting.ts';
import type { ReplayEnd } from '../../replay/engine/replay-end.ts';
import type { Disposition } from '../../replay/ports.ts';

/** What the engines of all shards say of themselves, as if they were one. */
export type SummedEnd = Pick<
  ReplayEnd,
  | 'accounting'
  | 'lastDueNs'
  | 'lastReleaseNs'
  | 'stretchedNs'
  | 'maxHeld'
  | 'maxInFlight'
  | 'lateReleases'
  | 'stalls'
  | 'underruns'
  | 'heldLimitHits'
>;

/**
 * Adds up the ends of shards. An end is undefined for a shard that died: of it, what it had told until then counts
 * (`told`, by shard). `others` are operations that no shard has settled.
 */
export function addUpEnds(
  ends: readonly (ReplayEnd | undefined)[],
  told: readonly ReplayAccounting[],
  others: ReplayAccounting,
): SummedEnd {
  const known = ends.filter((end) => end !== undefined);
  const sum = (pick: (end: ReplayEnd) => number): number => known.reduce((all, end) => all + pick(end), 0);
  return {
    accounting: addUp([others, ...ends.map((end, shard) => end?.accounting ?? told[shard])]),
    lastDueNs: latest(known.map(({ lastDueNs }) => lastDueNs)),
    lastReleaseNs: latest(known.map(({ lastReleaseNs }) => lastReleaseNs)),
    stretchedNs: 0,
    maxHeld: sum(({ maxHeld }) => maxHeld),
    maxInFlight: sum(({ maxInFlight }) => maxInFlight),
    lateReleases: sum(({ lateReleases }) => lateReleases),
    stalls: {
      count: sum(({ stalls }) => stalls.count),
      totalNs: sum(({ stalls }) => stalls.totalNs),
      maxNs: Math.max(0, ...known.map(({ stalls }) => stalls.maxNs)),
    },
    underruns: sum(({ underruns }) => underruns),
    heldLimitHits: sum(({ heldLimitHits }) => heldLimitHits),
  };
}

/** Books operations of the plan where they ended. */
export function book(sums: ReplayAccounting, disposition: Disposition, count = 1): void {
  sums.planned += count;
  bookDisposition(sums, disposition, count);
}

/** The same for all dispositions. */
export function bookAll(sums: ReplayAccounting, counts: Readonly<Record<Disposition, number>>): void {
  for (const [disposition, count] of Object.entries(counts)) book(sums, disposition as Disposition, count);
}

function addUp(parts: readonly (ReplayAccounting | undefined)[]): ReplayAccounting {
  const known = parts.filter((part) => part !== undefined);
  const sum = (name: keyof ReplayAccounting): number => known.reduce((all, part) => all + part[name], 0);
  return {
    planned: sum('planned'),
    sent: sum('sent'),
    ok: sum('ok'),
    errors: sum('errors'),
    cutOff: sum('cutOff'),
    shed: sum('shed'),
    gateTimeout: sum('gateTimeout'),
    unsent: sum('unsent'),
  };
}

function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}

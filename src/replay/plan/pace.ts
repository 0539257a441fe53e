import type { PacePhase } from '../replay-options.ts';

/** Says how plan time (recorded time over the multiplier) runs in replay time. Both count from the anchor, in ns. */
export interface Pace {
  /** When, in replay time, the plan has come to `planNs`. Continuous and strictly rising. */
  replayAt(planNs: number): number;
  /** Its inverse: how far the plan has come at `replayNs`. */
  planAt(replayNs: number): number;
  /** The rate in force at that moment of the replay. */
  rateAt(replayNs: number): number;
}

/** The pace at which plan time is replay time. */
export const EVEN_PACE: Pace = { replayAt: (ns) => ns, planAt: (ns) => ns, rateAt: () => 1 };

/** A piecewise linear pace. No phases: an even one. */
export function createPace(phases: readonly PacePhase[]): Pace {
  const pieces = piecesOf(phases);
  if (pieces.length === 0) return EVEN_PACE;
  return {
    replayAt(planNs) {
      const { fromReplayNs, fromPlanNs, rate } = lastPiece(pieces, (piece) => piece.fromPlanNs <= planNs);
      return fromReplayNs + (planNs - fromPlanNs) / rate;
    },
    planAt(replayNs) {
      const piece = lastPiece(pieces, ({ fromReplayNs }) => fromReplayNs <= replayNs);
      return piece.fromPlanNs + (replayNs - piece.fromReplayNs) * piece.rate;
    },
    rateAt: (replayNs) => lastPiece(pieces, ({ fromReplayNs }) => fromReplayNs <= replayNs).rate,
  };
}

/** A phase, with the place where it begins in plan time and in replay time. */
interface Piece {
  readonly fromReplayNs: number;
  readonly fromPlanNs: number;
  readonly rate: number;
}

function piecesOf(phases: readonly PacePhase[]): Piece[] {
  let fromReplayNs = 0;
  let fromPlanNs = 0;
  return phases.map(({ durationNs, rate }) => {
    const piece = { fromReplayNs, fromPlanNs, rate };
    fromReplayNs += durationNs;
    fromPlanNs += durationNs * rate;
    return piece;
  });
}

/** The last piece that has begun; the first one also for what lies before it. */
function lastPiece(pieces: readonly Piece[], hasBegun: (piece: Piece) => boolean): Piece {
  let at = pieces.length - 1;
  while (at > 0 && !hasBegun(pieces[at] as Piece)) at -= 1;
  return pieces[at] as Piece;
}

/** `10s@1 5m@2` again, durations in seconds. */
export function paceText(phases: readonly PacePhase[]): string {
  return phases.map(({ durationNs, rate }) => `${durationNs / 1e9}s@${rate}`).join(' ');
}

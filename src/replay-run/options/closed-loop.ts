import type { ClientScript } from '../../replay/plan/client-loop.ts';

/** What a closed loop came to, as far as its notes are about it. */
export interface ClosedLoopOutcome {
  readonly sentPerSec: number | null;
  readonly cacheHits: number | null;
  readonly cacheMisses: number | null;
}

/** Clients whose next operation follows on an answer, and what is said of them. The trace of the run has their first operations. */
export interface ClosedLoop extends ClientScript {
  readonly clients: number;
  readonly seed: number;
  /** What the plan's options say of it, by name. */
  readonly shown: Readonly<Record<string, string | number | null>>;
  /** Sentences for the document. */
  notesOf(outcome: ClosedLoopOutcome): string[];
  /** Sentences that are for the document too, and that people are warned with. */
  warningsOf(outcome: ClosedLoopOutcome): string[];
}

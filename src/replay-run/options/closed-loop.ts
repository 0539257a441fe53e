import type { ClientScript } from '../../replay/plan/client-loop.ts';

/** What a closed loop came to, as far as its notes are about it. */
export interface ClosedLoopOutcome {
  readonly sentPerSec: number | null;
  readonly cacheHits: number | null;
  readonly cacheMisses: number | null;
}

/** A script that any thread can open: the function `opener` of a module, by the URL of that, is given `data`. */
export interface PortableScript {
  readonly module: string;
  readonly opener: string;
  /** All of it can be posted to a thread. */
  readonly data: unknown;
}

/** What opens a script. `isMine` tells whose clients, by their sessions, are played in this thread. */
export type ScriptOpener = (data: unknown, isMine: (session: string) => boolean) => Promise<ClientScript>;

/** Clients whose next operation follows on an answer, and what is said of them. The trace of the run has their first operations. */
export interface ClosedLoop {
  readonly clients: number;
  /** Nothing is due at or after it. */
  readonly durationNs: number;
  /** What the clients do; one that is not portable is played by the thread that it was made in. */
  readonly script: ClientScript | PortableScript;
  /** More than so many operations a second the clients hardly send; undefined where nobody knows. */
  readonly mostPerSec?: number | undefined;
  readonly seed: number | null;
  /** What the plan's options say of it, by name. */
  readonly shown: Readonly<Record<string, string | number | null>>;
  /** Sentences for the document. */
  notesOf(outcome: ClosedLoopOutcome): string[];
  /** Sentences that are for the document too, and that people are warned with. */
  warningsOf(outcome: ClosedLoopOutcome): string[];
}

/** Whether a script can be opened in another thread. */
export function isPortable(script: ClosedLoop['script']): script is PortableScript {
  return 'module' in script;
}

/** Opens a script for the clients of this thread, by default all of them. */
export async function openScriptOf(
  script: ClosedLoop['script'],
  isMine: (session: string) => boolean = () => true,
): Promise<ClientScript> {
  if (!isPortable(script)) return script;
  const { module, opener, data } = script;
  const open = ((await import(module)) as Record<string, ScriptOpener>)[opener];
  if (open === undefined) throw new Error(`${module} has no ${opener}`);
  return open(data, isMine);
}

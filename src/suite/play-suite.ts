import { EngramTraceError } from '../error.ts';
import { isUnanswered } from '../results/document/is-unanswered.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import type { Suite, SuiteRun } from './suite.ts';
import { type RunStatus, type SuiteDocument, type SuiteRunEntry, withRun } from './suite-document.ts';

/** What plays the runs of a suite, and keeps what came of them. */
export interface SuitePlayer {
  play(run: SuiteRun): Promise<ResultsDocument>;
  /** Waits so long, or until it is stopped. */
  pause(ns: number): Promise<void>;
  /** Called after each run: who dies in the next one has lost no other. */
  save(document: SuiteDocument): Promise<void>;
  isStopped(): boolean;
  onRun?(run: SuiteRun, number: number): void;
  onRunEnd?(entry: SuiteRunEntry): void;
}

/**
 * Plays the runs of a suite one after the other, with a pause after each, and goes on after one that failed. Those that
 * `begun` says are done are left out, as are those that `isWanted` does not want. Resolves with what was measured, also
 * where it was stopped.
 */
export async function playSuite(
  suite: Suite,
  begun: SuiteDocument,
  player: SuitePlayer,
  isWanted: (name: string) => boolean = () => true,
): Promise<SuiteDocument> {
  let document = begun;
  let pauseNs = 0;
  for (const [at, run] of suite.runs.entries()) {
    const entry = begun.runs.find(({ name }) => name === run.name);
    if (entry === undefined || entry.status === 'done' || !isWanted(run.name)) continue;
    if (pauseNs > 0 && !player.isStopped()) await player.pause(pauseNs);
    if (player.isStopped()) break;
    player.onRun?.(run, at + 1);
    const ended = await played(run, entry, player);
    document = withRun(document, ended);
    await player.save(document);
    player.onRunEnd?.(ended);
    pauseNs = run.coolDownNs;
  }
  return document;
}

async function played(run: SuiteRun, entry: SuiteRunEntry, player: SuitePlayer): Promise<SuiteRunEntry> {
  try {
    const results = await player.play(run);
    const [status, error] = endOf(results);
    return { ...entry, status, error, results };
  } catch (thrown) {
    const { code, message, where, hint = null } = EngramTraceError.from(thrown);
    const told = where === undefined ? message : `${where}: ${message}`;
    const status = player.isStopped() ? 'interrupted' : 'failed';
    return { ...entry, status, error: { code, message: told, hint }, results: null };
  }
}

function endOf(results: ResultsDocument): [status: RunStatus, error: SuiteRunEntry['error']] {
  const { stop } = results.summary;
  if (stop === 'interrupted') return ['interrupted', null];
  const failed = (
    code: 'target' | 'internal',
    message: string,
    hint: string | null,
  ): ReturnType<typeof endOf> => ['failed', { code, message, hint }];
  if (isUnanswered(results)) return failed('target', 'no operation got an answer', 'is the target up?');
  if (stop === 'sender_died') return failed('internal', 'a thread that sends died', null);
  if (stop === 'source_error') return failed('internal', 'its operations ended early', null);
  return ['done', null];
}

import type { MadeRequest } from '../../dialects/space-making.ts';
import { EngramTraceError } from '../../error.ts';
import type { PrepareSection } from '../../results/document/results-document.ts';
import {
  type SingleAnswer,
  type SingleRequest,
  singleRequest,
} from '../../transports/connect/single-request.ts';
import { visibleText } from '../../visible-text.ts';
import type { RunDeps, RunOptions } from '../options/run-options.ts';
import { allTargets } from '../target/targets.ts';
import { spaceMakingOf } from './spaces-of-run.ts';

/** A space gets so long to be made where nothing is said: the slowest that was seen took 17 s. */
export const PREPARE_TIMEOUT_NS = 60e9;

/**
 * Makes the spaces that are not there yet, one after another (two at once stop an Engram altogether), and waits for
 * each; on each of several targets, one target after the other. Rejects with `target` where one does not get ready; an
 * interrupt ends it and is no error.
 */
export async function prepareTarget(
  run: RunOptions,
  spaces: readonly string[],
  { clock, signal, onPrepare }: Pick<RunDeps, 'clock' | 'signal' | 'onPrepare'>,
  send: (request: SingleRequest) => Promise<SingleAnswer> = singleRequest,
): Promise<PrepareSection> {
  const making = spaceMakingOf(run);
  const { headers = [], tls = {}, prepareTimeoutNs = PREPARE_TIMEOUT_NS } = run;
  const targets = allTargets(run).map(({ http }) => http?.url ?? '');
  const startNs = clock.nowNs();
  const section: PrepareSection = { spaces: spaces.length, made: 0, existed: 0, secs: 0, slowest_secs: null };
  const asking = (origin: string) => (made: MadeRequest) =>
    send({ ...made, origin, headers, tls, timeoutMs: prepareTimeoutNs / 1e6, signal });
  onPrepare?.(spaces);
  try {
    for (const ask of targets.map(asking)) {
      const there = await listed(ask(making.list), making.listed);
      for (const space of spaces) {
        if (signal?.aborted === true) break;
        const begunNs = clock.nowNs();
        if (there.has(space)) section.existed += 1;
        else {
          refuseUnmade(space, await ask(making.create(space) as MadeRequest));
          section.made += 1;
          section.slowest_secs = Math.max(section.slowest_secs ?? 0, (clock.nowNs() - begunNs) / 1e9);
        }
      }
    }
  } catch (thrown) {
    if (signal?.aborted !== true) throw withHint(thrown);
  }
  return { ...section, secs: (clock.nowNs() - startNs) / 1e9 };
}

/** What was done to several targets, or to one at several times; its spaces are those of one plan. */
export function addPrepared(one: PrepareSection, other: PrepareSection): PrepareSection {
  const slowest = Math.max(one.slowest_secs ?? 0, other.slowest_secs ?? 0);
  return {
    spaces: Math.max(one.spaces, other.spaces),
    made: one.made + other.made,
    existed: one.existed + other.existed,
    secs: one.secs + other.secs,
    slowest_secs: one.made + other.made === 0 ? null : slowest,
  };
}

/** What a preload has made was not there already when a run prepares its target after it. */
export function afterPreload(found: PrepareSection, earlier: PrepareSection | null): PrepareSection {
  if (earlier === null) return found;
  return { ...addPrepared(found, earlier), existed: Math.max(0, found.existed - earlier.made) };
}

/** A server that does not list its spaces may still make them. */
async function listed(answer: Promise<SingleAnswer>, read: (body: string) => string[]): Promise<Set<string>> {
  const { status, body } = await answer;
  return new Set(status === 200 ? read(body) : []);
}

function refuseUnmade(space: string, { status, body }: SingleAnswer): void {
  if (status >= 200 && status < 300) return;
  const said = body === '' ? '' : `: ${visibleText(body.slice(0, 300))}`;
  throw new EngramTraceError('target', `the target did not make the space ${space}: HTTP ${status}${said}`, {
    hint: status === 401 || status === 403 ? '-H "authorization: …" gives credentials' : undefined,
  });
}

function withHint(thrown: unknown): EngramTraceError {
  const error = EngramTraceError.from(thrown, 'target');
  if (error.hint !== undefined) return error;
  return new EngramTraceError(error.code, `--prepare: ${error.message}`, {
    where: error.where,
    cause: error,
    hint: 'is the target up? --prepare-timeout gives each space more time; where spaces are not made before, each is made on first use',
  });
}

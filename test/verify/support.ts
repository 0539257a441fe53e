import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPlanDigest } from '../../src/replay/plan/plan-digest.ts';
import { keepsReadingOrder } from '../../src/replay/plan/plan-reader.ts';
import { type ReplayOptions, replayOptions } from '../../src/replay/replay-options.ts';
import { factsOf } from '../../src/replay-log/document-facts.ts';
import { blockOf, type LogBlock, type LogBlockMessage } from '../../src/replay-log/log-block.ts';
import { createReplayLogRecorder } from '../../src/replay-log/replay-log-recorder.ts';
import { createReplayLogWriter } from '../../src/replay-log/replay-log-writer.ts';
import { teeObserver } from '../../src/replay-log/tee-observer.ts';
import { NearnessOfPlan, rateFactorOf } from '../../src/results/arrivals/plan-nearness.ts';
import { createResultsDocument } from '../../src/results/create-results-document.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { ResultsRecorder } from '../../src/results/tally/results-recorder.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import type { Trace } from '../../src/trace/trace.ts';
import { HEADER, memorySink } from '../replay-log/support.ts';
import { documentInput, validated } from '../results/support.ts';
import { type Fate, inBatches, type PlayOptions, play } from '../support/replay-harness.ts';

export interface Run {
  document: ResultsDocument;
  log: Buffer;
}

/** A whole replay on the virtual clock with its document and its log; `lies` is what the document says in place of what was done. */
export async function loggedRun(
  records: readonly TraceRecord[],
  given: Partial<ReplayOptions>,
  fateOf: (record: TraceRecord) => Fate,
  transportOn?: PlayOptions['transportOn'],
  warnings: string[] = [],
  expectMismatch = 0,
  lies: Partial<ReplayOptions> = {},
  format = documentInput().plan.trace.format,
): Promise<Run> {
  const options = replayOptions(given);
  const recorder = new ResultsRecorder({
    timeScale: options.timing.kind === 'absolute' ? options.multiplier : undefined,
    sortsDues: !keepsReadingOrder(options),
  });
  const recordNumber = (number: number): number => number % Math.max(1, records.length);
  const blocks: LogBlockMessage[] = [];
  const log = createReplayLogRecorder({
    shard: 0,
    take: (block) => blocks.push(block),
  });
  const batches = () => inBatches([...records], 7);
  const planDigest = createPlanDigest();
  const rateFactor = rateFactorOf(options);
  const watch = rateFactor === undefined ? undefined : new NearnessOfPlan(rateFactor);
  const openStarts = () => inBatches([...records], 5);
  const observer = teeObserver(recorder, log);
  const deps = { observer, recordNumber, digest: planDigest, watch, openStarts };
  const { end } = await play([...records], { ...given, fateOf, transportOn, batches, deps });
  log.flush();
  const input = documentInput();
  const timing = options.timing.kind === 'rate' ? `rate=${options.timing.perSec}` : options.timing.kind;
  const shown = {
    rate_multiplier: options.multiplier,
    timing,
    behind: options.behind,
    copies: options.copies,
    upscale: lies.upscale ?? options.upscale,
    order: options.order,
    max_in_flight: options.maxInFlight,
    expect_mismatch: expectMismatch,
  };
  const trace = { ...input.plan.trace, format, warnings, digest: planDigest.finish() };
  const plan = { ...input.plan, trace, options: shown, nearness: watch?.section() ?? null };
  const document = validated(createResultsDocument({ ...input, plan, recorder, end }));
  const sealed = await sealedLog(blocks.map(blockOf), document, end.startNs);
  return { document: validated({ ...document, replay_log: sealed.section }), log: sealed.log };
}

/** The log of these blocks, and how the document names it. */
export async function sealedLog(
  blocks: readonly LogBlock[],
  document: object,
  anchorNs = 0,
  header = HEADER,
) {
  const sink = memorySink();
  const writer = createReplayLogWriter(sink, header);
  for (const block of blocks) await writer.append(block);
  const facts = JSON.stringify(factsOf(document));
  const seal = await writer.finish({ entriesLost: 0, anchorNs, factsJson: facts });
  const { entries, entriesLost, blocks: count, sha256 } = seal;
  return { log: sink.bytes(), section: { entries, entries_lost: entriesLost, blocks: count, sha256 } };
}

/** These records as the trace that was replayed. */
export function traceOf(records: readonly TraceRecord[]): Trace {
  return {
    header: { dialect: 'generic' },
    records: () => inBatches([...records], 7),
  } as unknown as Trace;
}

/** Puts a log where `verifyReplay` finds it. */
export async function writeLog(folder: string, log: Uint8Array): Promise<string> {
  const path = join(folder, 'replay.log');
  await writeFile(path, log);
  return path;
}

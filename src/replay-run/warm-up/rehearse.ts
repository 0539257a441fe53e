import type { NullSink } from '../../null-sink/null-sink.ts';
import { startNullSinkThread } from '../../null-sink/start-null-sink-thread.ts';
import type { ReplayOptions } from '../../replay/replay-options.ts';
import { firstOfBatch } from '../../trace/block/record-spans.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { PlanHints } from '../../trace/stats/plan-hints.ts';
import type { RunOptions } from '../options/run-options.ts';
import type { NumberedSource } from '../source/numbered-source.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../target/endpoint.ts';

/** Plays a run once and throws away what was measured. */
export type PlayOnce = (run: RunOptions, options: ReplayOptions, source: NumberedSource) => Promise<void>;

/** From so many records on, a rehearsal is worth the time it takes. */
export const WORTH_RECORDS = 500;
/**
 * How many records each thread that sends has in each pass. Objects of a second pass are built as those of all later
 * ones, and code compiled for those of the first is lost then: so the first is short. In the second most of what runs
 * once an operation gets compiled; what more of it gained was less than it cost.
 */
const PASSES = [300, 1500] as const;
const PASS_BYTES = 16 * 2 ** 20;
const PER_SECOND = 10_000;
/** The time for all passes of a rehearsal together. */
const LIMIT_MS = 3000;
const LEAD_NS = 1e6;
/** Connections that all sessions share (`--connections N`). */
const MOST_SHARED = 64;
/** An hour: past 2^31 ns a time is no small integer any more, and code that knew only such is compiled again. */
const LATER_NS = 3600e9;

/**
 * Plays the first records of the trace, as they will be played and by who will play them, against a sink in this
 * process. Code that never ran is slow: without it the first second of a replay leaves late, however well the rest
 * keeps its times. The target sees nothing of it. Takes a part of a second; one that fails is no reason not to play. A
 * transport of the caller's can't be sent to the sink, and plays without.
 */
export async function rehearse(
  run: RunOptions,
  options: ReplayOptions,
  openSource: () => NumberedSource,
  play: PlayOnce,
  startSink: () => Promise<NullSink> = startNullSinkThread,
  limitMs = LIMIT_MS,
): Promise<void> {
  const perSecond = recordedRate(run.trace.hints);
  if (perSecond === undefined || options.signal?.aborted === true) return;
  if (typeof run.transport === 'object') return;
  // No AbortSignal.timeout: what `any` is given it holds weakly, and a signal that is collected never aborts.
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  const signal = AbortSignal.any([limit.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  try {
    await onStage(run, startSink, async (stage) => {
      for (const records of PASSES) {
        if (signal.aborted) return;
        const first = firstRecords(openSource(), records * (run.senders ?? 1));
        await play(stage, { ...rehearsalOptions(options, perSecond), signal }, first);
      }
    });
  } catch {
    // Only speed is lost.
  } finally {
    clearTimeout(timer);
  }
}

/** The run with a sink for its targets, and no more connections than it takes. */
async function onStage(
  run: RunOptions,
  startSink: () => Promise<NullSink>,
  use: (stage: RunOptions) => Promise<void>,
): Promise<void> {
  const { http, grpc, moreTargets, connections } = run;
  const sink = await startSink();
  try {
    const target = {
      http: http && parseHttpEndpoint(`http://127.0.0.1:${sink.httpPort}`),
      grpc: grpc && parseGrpcEndpoint(`127.0.0.1:${sink.grpcPort}`),
    };
    await use({
      ...run,
      ...target,
      moreTargets: moreTargets?.map(() => target),
      connections: typeof connections === 'number' ? Math.min(connections, MOST_SHARED) : connections,
    });
  } finally {
    await sink.close();
  }
}

/** Operations a second in the trace; undefined where it is too short for a rehearsal, or nothing says. */
function recordedRate({ records = 0, ratePerSec }: PlanHints): number | undefined {
  return records < WORTH_RECORDS ? undefined : ratePerSec;
}

function rehearsalOptions(options: ReplayOptions, perSecond: number): ReplayOptions {
  const { timing } = options;
  return {
    ...options,
    multiplier: PER_SECOND / perSecond,
    timing: timing.kind === 'rate' ? { kind: 'rate', perSec: PER_SECOND } : timing,
    loops: 1,
    // It would read the trace twice.
    upscale: 1,
    leadNs: LEAD_NS,
    headStartLimitNs: LEAD_NS,
    timeoutNs: 1e9,
    drainNs: 1e9,
    interruptDrainNs: 0,
  };
}

function firstRecords(source: NumberedSource, mostRecords: number): NumberedSource {
  async function* open(): AsyncGenerator<TraceRecord[]> {
    let records = 0;
    let bytes = 0;
    for await (const batch of source.open()) {
      const left = mostRecords - records;
      // The same list, as in a replay: where its records stand is known by it.
      const some = batch.length > left ? firstOfBatch(batch, left) : batch;
      for (const record of some) {
        record.startNs += LATER_NS;
        bytes += record.body.length;
      }
      yield some;
      records += some.length;
      if (records >= mostRecords || bytes >= PASS_BYTES) return;
    }
  }
  return {
    open,
    recordNumber: source.recordNumber,
    get recordsRead() {
      return source.recordsRead;
    },
  };
}

import type {
  BehindPolicy,
  Order,
  PacePhase,
  Precision,
  ShardPart,
  Timing,
} from '../../replay/replay-options.ts';
import { parseHeaderOverrides } from '../../replay-run/connect/header-overrides.ts';
import type { RunOptions } from '../../replay-run/options/run-options.ts';
import { sendersFor } from '../../replay-run/shards/senders-for.ts';
import { pairEndpoints } from '../../replay-run/target/pair-endpoints.ts';
import type { TransportKind } from '../../replay-run/target/transport-choice.ts';
import type { Trace } from '../../trace/trace.ts';
import type { ConnectionMode } from '../../transports/connect/connection-mode.ts';
import type { LimitFlags } from './limit-flags.ts';
import { refuseContradictions } from './replay-contradictions.ts';
import { type TimeRangeFlags, timeRangeOf } from './time-range-flags.ts';
import { readText, type TlsFlags, tlsOf } from './tls-flags.ts';
import { type WatchFlags, watchOf } from './watch-flags.ts';

/** The flags of `replay` as commander hands them over. */
export interface ReplayFlags extends TimeRangeFlags, TlsFlags, WatchFlags, LimitFlags {
  trace?: string;
  output: string;
  rateMultiplier: number;
  timing: Timing;
  pace?: PacePhase[];
  precision: Precision;
  copies: number;
  upscale: number;
  seed: number;
  order: Order;
  behind: BehindPolicy;
  loop: number;
  duration?: number;
  limit?: number;
  maxGap?: number;
  only?: 'reads' | 'writes';
  maxInFlight?: number;
  timeout?: number;
  waitForTarget?: number;
  gateTimeout?: number;
  drain?: number;
  connections?: ConnectionMode;
  senders?: number;
  shard?: ShardPart;
  transport?: TransportKind;
  header?: string[];
  countByHeader?: string;
  allowOrigin?: boolean;
  expectMismatch?: number;
  prepare?: boolean;
  prepareTimeout?: number;
  includeDangerous?: boolean;
  dangerous?: string[];
  skipDamaged?: boolean;
  replayLog?: string;
  hlog?: string;
  dryRun?: boolean;
  json?: boolean;
  force?: boolean;
  quiet?: boolean;
}

/** Makes the run that the flags ask for; reads the files that they name. */
export async function runOptionsOf(flags: ReplayFlags, trace: Trace): Promise<RunOptions> {
  const range = await timeRangeOf(flags);
  refuseContradictions(flags, range);
  const run: RunOptions = {
    trace,
    range: { ...range, durationNs: flags.duration, limit: flags.limit },
    only: flags.only,
    skipDamaged: flags.skipDamaged,
    prepare: flags.prepare,
    prepareTimeoutNs: flags.prepareTimeout,
    includeDangerous: flags.includeDangerous,
    dangerous: flags.dangerous,
    allowOrigin: flags.allowOrigin,
    expectMismatch: flags.expectMismatch,
    ...pairEndpoints({ http: flags.endpoint, grpc: flags.grpcEndpoint }),
    headers: parseHeaderOverrides(flags.header ?? [], (path) => readText('--header', path, 'latin1')),
    tls: tlsOf(flags),
    countByHeader: flags.countByHeader,
    connections: flags.connections,
    transport: flags.transport,
    watch: await watchOf(flags),
    waitForTargetMs: flags.waitForTarget === undefined ? 0 : flags.waitForTarget / 1e6,
    replay: {
      shard: flags.shard,
      multiplier: flags.rateMultiplier,
      timing: flags.timing,
      precision: flags.precision,
      copies: flags.copies,
      upscale: flags.upscale,
      seed: flags.seed,
      ...(flags.pace === undefined ? {} : { pace: flags.pace }),
      order: flags.order,
      behind: flags.behind,
      loops: flags.loop,
      maxGapNs: flags.maxGap,
      ...(flags.maxInFlight === undefined ? {} : { maxInFlight: flags.maxInFlight }),
      ...(flags.timeout === undefined ? {} : { timeoutNs: flags.timeout }),
      ...(flags.gateTimeout === undefined ? {} : { gateTimeoutNs: flags.gateTimeout }),
      drainNs: flags.drain,
    },
  };
  return { ...run, senders: flags.senders ?? sendersFor(run) };
}

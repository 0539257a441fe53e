import type { LeftOutByReason } from '../../replay/left-out.ts';
import type { WaitName } from '../tally/lateness-attribution.ts';
import type { LatencySection, Percentiles } from './latency-section.ts';

/** Whether a replay may be judged by its numbers. */
export type Verdict = 'valid' | 'degraded' | 'invalid';

/** Why the verdict is not `valid`. */
export interface Reason {
  code: string;
  message: string;
  observed: number | string | null;
  limit: number | string | null;
}

/** How far the replay did what was planned. */
export interface FidelitySection {
  verdict: Verdict;
  reasons: Reason[];
  accounting: {
    planned: number;
    sent: number;
    ok: number;
    errors: number;
    cut_off: number;
    shed: number;
    gate_timeout: number;
    unsent: number;
    /** How many of those sent were handed to a transport that got no byte out. */
    never_left: number;
    /** Whether the sums hold and agree with what was counted independently of the engine. */
    closes: boolean;
    plan_complete: boolean;
  };
  /** Records that are no part of the plan, by reason. */
  excluded: LeftOutByReason;
  /** The operations that were left out as dangerous, by name. */
  dangerous: { pattern: string; count: number; why: string }[];
  /** Operations that left without what was redacted in the trace, and what that was. */
  redacted: { operations: number; names: string[] };
  /** Operations that met the end of a kept connection; null where none was sent. */
  keepalive_closed: { operations: number; share: number | null };
  /** Operations that left without headers that no message can hold, and their names. */
  unsendable: { operations: number; names: string[] };
  inversions: number;
  send_error_us: LatencySection;
  lateness_us: LatencySection;
  gate_wait_us: LatencySection;
  /** Operations later than 1 ms by cause. */
  attribution: { gate: CauseEntry; back_pressure: CauseEntry; generator: CauseEntry };
  /** All of the send error of all operations sent, by what it consists of. */
  lateness_attribution: Record<WaitName, WaitEntry> & {
    scheduler_us: Percentiles;
    transport_us: Percentiles;
    /** Times the release loop woke more than 10 ms late. */
    stalls: { count: number; total_ms: number; max_ms: number };
  };
  generator_lateness_us: Percentiles;
  drift: {
    planned_duration_secs: number | null;
    actual_duration_secs: number | null;
    difference_ms: number | null;
    slope_us_per_sec: number | null;
  };
  stretched_ms: number;
  interarrival: {
    planned_mean_us: number | null;
    sent_mean_us: number | null;
    ks: number | null;
    w1_us: number | null;
  };
  dispersion: {
    planned_10ms: number | null;
    sent_10ms: number | null;
    planned_100ms: number | null;
    sent_100ms: number | null;
  };
  timestamp_resolution_ns: number;
  engine: {
    passes: number;
    max_in_flight: number;
    max_held: number;
    underruns: number;
    held_limit_hits: number;
    missing_from_plan_statistics: number;
  };
  generator: {
    event_loop_delay_ms: { p50: number; p99: number; max: number } | null;
    gc: { count: number; total_ms: number; max_ms: number } | null;
    cpu: { user_secs: number; system_secs: number } | null;
    steal_percent: number | null;
    cpu_pressure_percent: number | null;
    cpu_throttled: { count: number; total_ms: number; percent: number | null } | null;
    clock_step_ms: number | null;
  };
}

export interface CauseEntry {
  ops: number;
  total_ms: number;
}

export interface WaitEntry {
  /** Operations for which it was longer than 1 ms. */
  ops: number;
  total_ms: number;
  max_ms: number;
}

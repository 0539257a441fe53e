import type { ClientLimits } from '../../workload/clients/client-scenario.ts';

/** Limits of a run as they are told; null where there is none. */
export interface LimitsSection {
  p95_ms: number | null;
  p99_ms: number | null;
  throughput_per_sec: number | null;
  error_rate: number | null;
  hit_rate_tolerance: number | null;
}

/** The limits of a scenario of either kind. */
export function limitsSection(limits: ClientLimits): LimitsSection {
  return {
    p95_ms: limits.p95LatencyMs ?? null,
    p99_ms: limits.p99LatencyMs ?? null,
    throughput_per_sec: limits.throughputPerSec ?? null,
    error_rate: limits.errorRate ?? null,
    hit_rate_tolerance: limits.hitRateTolerance ?? null,
  };
}

/** Limits in short, for a table. */
export function limitsText(limits: LimitsSection): string {
  const { p95_ms, p99_ms, throughput_per_sec, error_rate, hit_rate_tolerance } = limits;
  const texts = [
    p95_ms === null ? '' : `p95 <= ${p95_ms} ms`,
    p99_ms === null ? '' : `p99 <= ${p99_ms} ms`,
    throughput_per_sec === null ? '' : `${throughput_per_sec}/s`,
    error_rate === null ? '' : `errors <= ${percentText(error_rate)}`,
    hit_rate_tolerance === null
      ? ''
      : `hits within ${Number((hit_rate_tolerance * 100).toPrecision(6))} points`,
  ].filter((text) => text !== '');
  return texts.length === 0 ? '-' : texts.join(', ');
}

/** A share as percent. */
export function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`;
}

import type { ScenarioLimits } from './scenario.ts';
import type { TableReader } from './table-reader.ts';

/** Reads the limits that every kind of run can have; whoever calls refuses the other keys. */
export function readLimits(validation: TableReader): ScenarioLimits {
  return {
    p95LatencyMs: validation.optionalNumber('expected_p95_latency_ms', { above: 0 }),
    p99LatencyMs: validation.optionalNumber('expected_p99_latency_ms', { above: 0 }),
    throughputPerSec: validation.optionalNumber('expected_throughput_ops_sec', { above: 0 }),
    errorRate: validation.optionalNumber('max_error_rate', { least: 0, most: 1 }),
  };
}

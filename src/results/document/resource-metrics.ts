/** What is read of a process (`--watch-pid`). */
export const PROCESS_METRICS = [
  'cpu_percent',
  'machine_cpu_percent',
  'rss_bytes',
  'threads',
  'open_files',
  'read_bytes_per_s',
  'written_bytes_per_s',
  'context_switches_per_s',
  'forced_context_switches_per_s',
] as const;

/** What is read of a machine (`--watch-host`). */
export const HOST_METRICS = [
  'cpu_percent',
  'steal_percent',
  'memory_used_bytes',
  'memory_percent',
  'swap_used_bytes',
  'swapped_pages_per_s',
  'disk_util_percent',
  'disk_queue',
  'disk_latency_ms',
  'network_received_bytes_per_s',
  'network_sent_bytes_per_s',
  'network_percent',
] as const;

/** Units of what is watched. */
export type ResourceUnit = 'percent' | 'bytes' | 'bytes_per_s' | 'count' | 'per_s' | 'ms';

/** The unit of a metric by the end of its name, as this program and Prometheus' users write them. */
export function resourceUnitOf(metric: string): ResourceUnit {
  if (/_(?:percent|pct)$/.test(metric)) return 'percent';
  if (metric.endsWith('bytes_per_s')) return 'bytes_per_s';
  if (metric.endsWith('_per_s')) return 'per_s';
  if (metric.endsWith('_bytes')) return 'bytes';
  return metric.endsWith('_ms') ? 'ms' : 'count';
}

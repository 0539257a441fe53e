// What pages of metrics are read with.
// @ts-expect-error: the package brings no types.
import parse from 'parse-prometheus-text-format';

/** A metric with all its samples; numbers are as they were written. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'COUNTER' | 'GAUGE' | 'HISTOGRAM' | 'SUMMARY' | 'UNTYPED';
  readonly metrics: readonly {
    readonly labels?: Readonly<Record<string, string>>;
    readonly value?: string;
    readonly count?: string;
    readonly sum?: string;
  }[];
}

/** Reads Prometheus' text format; lines that are none of it are passed over. */
export const parsePrometheus = parse as (text: string) => MetricFamily[];

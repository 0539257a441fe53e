import { parsePrometheus } from '../../bundled/parse-prometheus.ts';

/** A sample of a page. */
export interface Sample {
  /** The metric with its labels: `http_requests{code="200"}`. */
  readonly name: string;
  /** Without its labels. */
  readonly metric: string;
  readonly value: number;
  /** It only grows, but for restarts. */
  readonly isCounter: boolean;
}

/**
 * Reads the samples of a page in Prometheus' text format or in OpenMetrics. Of histograms and summaries their count and
 * sum; what is no finite number is left out.
 */
export function parsePage(text: string): Sample[] {
  return parsePrometheus(withoutExemplars(text)).flatMap(({ name, type, metrics }) =>
    metrics.flatMap(({ labels = {}, value, count, sum }) => {
      const isCounter = type === 'COUNTER' || name.endsWith('_total');
      const parts = [
        { metric: name, value, isCounter },
        { metric: `${name}_count`, value: count, isCounter: true },
        { metric: `${name}_sum`, value: sum, isCounter: true },
      ];
      return parts.flatMap((part) => {
        const number = part.value === undefined || part.value === '' ? Number.NaN : Number(part.value);
        return Number.isFinite(number)
          ? [{ ...part, name: part.metric + labelText(labels), value: number }]
          : [];
      });
    }),
  );
}

/** OpenMetrics has examples behind a sample, as in `a_total 5 # {trace_id="x"} 0.5`, which the library takes for a time. */
function withoutExemplars(text: string): string {
  return text.replaceAll(/^([^#\n].*?) # \{.*$/gm, '$1');
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

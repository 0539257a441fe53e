import { EngramTraceError } from '../../error.ts';
import { countText } from '../../inspect/number-text.ts';
import { isoTime } from '../../iso-time.ts';
import type { Trace } from '../../trace/trace.ts';
import type { FilterReport } from '../../transforms/filter-trace.ts';
import type { WatchedFilter } from '../../transforms/watched-filter.ts';
import { meantBy } from './unmet-text.ts';

/** The error of a filter that keeps no record: which ops there are, or where the records lie. */
export function nothingKept(
  trace: Trace,
  report: FilterReport,
  { ops, unmet }: Pick<WatchedFilter, 'ops' | 'unmet'>,
): EngramTraceError {
  if (report.recordsRead === 0) {
    const hint = `${spanText(trace)}; engram-trace inspect --timeline shows when they came`;
    return new EngramTraceError('empty', 'there is no record to keep in what was read', {
      where: trace.name,
      hint,
    });
  }
  const sampled =
    report.recordsSampledOut > 0 ? `, ${countText(report.recordsSampledOut)} were sampled out` : '';
  const message = `none of ${countText(report.recordsRead)} records is kept${sampled}`;
  const meant = unmet.flatMap((value) => meantBy(value) ?? []);
  const question = meant.length > 0 ? `did you mean ${meant.join(', ')}? ` : '';
  return new EngramTraceError('empty', message, {
    where: trace.name,
    hint: `${question}ops there are: ${ops.text()}`,
  });
}

function spanText({ header, hints }: Trace): string {
  const at = (ns: number): string => isoTime(header.epochUnixNs + BigInt(Math.round(ns)));
  const { records, firstStartNs, lastStartNs } = hints;
  if (records === 0) return 'the trace has no records';
  if (firstStartNs !== undefined && lastStartNs !== undefined)
    return `its records are from ${at(firstStartNs)} to ${at(lastStartNs)}`;
  const { window } = header;
  return window === undefined
    ? '--from and --to may lie outside of it'
    : `its window is ${at(window.startNs)} to ${at(window.endNs)}`;
}

import { EngramTraceError } from '../error.ts';
import type { OpWindowEntry, ResultsDocument, WindowEntry } from '../results/document/results-document.ts';
import { decodeHistogram } from '../results/histogram/hdr-library.ts';

const LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"';

/** One interval of a log. */
interface Interval {
  readonly tag: string | undefined;
  readonly window: WindowEntry | OpWindowEntry;
}

/**
 * An HdrHistogram interval log (format 1.3): response times of all operations by window, and those of each op with its
 * name as a tag. Values are ns; the most of an interval is in ms, as readers take it.
 */
export function toHlog(document: ResultsDocument): string {
  const startS = Date.parse(document.timestamp) / 1000;
  const all: Interval[] = [
    ...document.windows.map((window) => ({ tag: undefined, window })),
    ...Object.entries(document.op_windows ?? {}).flatMap(([op, windows]) =>
      windows.map((window) => ({ tag: tagOf(op), window })),
    ),
  ];
  if (document.windows.some(({ histogram }) => histogram === undefined))
    throw new EngramTraceError('unsupported', 'the windows of these results have no histograms', {
      hint: 'they were written by an older program: play the run again',
    });
  const intervals = all.filter(({ window }) => window.histogram !== null);
  intervals.sort((a, b) => a.window.start_s - b.window.start_s);
  return [
    `#[Logged with ${document.tool.name} ${document.tool.version}]`,
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${startS.toFixed(3)} (seconds since epoch), ${new Date(startS * 1000).toUTCString()}]`,
    `#[BaseTime: ${startS.toFixed(3)} (seconds since epoch)]`,
    LEGEND,
    ...intervals.map(lineOf),
    '',
  ].join('\n');
}

function lineOf({ tag, window }: Interval): string {
  const encoded = window.histogram ?? '';
  const maxMs =
    'max' in window && window.max !== null ? window.max : decodeHistogram(encoded).percentileNs(100) / 1e6;
  const head = tag === undefined ? '' : `Tag=${tag},`;
  return `${head}${window.start_s.toFixed(3)},${window.width_s.toFixed(3)},${maxMs.toFixed(3)},${encoded}`;
}

/** A tag ends at a comma or a blank. */
function tagOf(op: string): string {
  return op.replaceAll(/[,\s]/g, '_');
}

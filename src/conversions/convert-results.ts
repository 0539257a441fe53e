import { asResults, readingResults } from '../results/document/as-results.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { percentileDistribution } from '../results/histogram/hdr-library.ts';
import { jsonText } from '../visible-text.ts';
import { toCsv } from './to-csv.ts';
import { toFortio } from './to-fortio.ts';
import { toGhz } from './to-ghz.ts';
import { toHlog } from './to-hlog.ts';
import { toK6 } from './to-k6.ts';
import { toOha } from './to-oha.ts';
import { toVegeta } from './to-vegeta.ts';
import { toWrk } from './to-wrk.ts';

const json = (of: (document: ResultsDocument) => object) => (document: ResultsDocument) =>
  jsonText(of(document), 2);

const FORMATS = {
  k6: json(toK6),
  vegeta: json(toVegeta),
  ghz: json(toGhz),
  fortio: json(toFortio),
  oha: json(toOha),
  wrk: toWrk,
  hgrm: toHgrm,
  hlog: toHlog,
  csv: toCsv,
} as const;

/** A form that results can be written in. */
export type ResultsFormat = keyof typeof FORMATS;

/** All there are. */
export const RESULTS_FORMATS = Object.keys(FORMATS) as ResultsFormat[];

/** Writes a results document in the form of another tool. Throws `bad_record` for what is no results document. */
export function convertResults(document: unknown, format: ResultsFormat): string {
  const results = asResults(document);
  return readingResults(() => FORMATS[format](results));
}

/** HdrHistogram's percentile distribution of the response times, in ms. */
function toHgrm({ histograms }: ResultsDocument): string {
  return percentileDistribution(histograms.response['overall'] ?? '', 1e6);
}

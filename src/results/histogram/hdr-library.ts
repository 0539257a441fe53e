// The package's own entry also compiles a WebAssembly twin of all this, which takes most of its time to load.

import float64 from 'hdr-histogram-js/dist/Float64Histogram.js';
import encoding from 'hdr-histogram-js/dist/JsHistogram.encoding.js';

const Float64Histogram = float64.default;

/** What knows the bounds of the buckets of one precision: a histogram of the library. */
export type Ruler = InstanceType<typeof Float64Histogram>;

const RULERS = new Map<string, Ruler>();

/** Gives the ruler of this precision. */
export function rulerOf(digits: number, lowestNs: number): Ruler {
  const key = `${digits} ${lowestNs}`;
  const known = RULERS.get(key) ?? newRuler(digits, lowestNs);
  RULERS.set(key, known);
  return known;
}

/** Makes an empty histogram. */
function newRuler(digits: number, lowestNs: number): Ruler {
  const ruler = new Float64Histogram(lowestNs, 2 * lowestNs, digits);
  ruler.autoResize = true;
  return ruler;
}

/** A histogram as it is read back. */
export interface DecodedHistogram {
  count: number;
  percentileNs(percentile: number): number;
  /** Lists the buckets with something in them, ascending: the bounds of each, and how many values it has. */
  buckets(): Generator<{ bottomNs: number; topNs: number; count: number }>;
}

/** HdrHistogram's text of a percentile distribution (`.hgrm`), with values by `unitNs`. */
export function percentileDistribution(base64: string, unitNs: number): string {
  const decoded = encoding.doDecode(encoding.decompress(Buffer.from(base64, 'base64')), 64);
  return decoded.outputPercentileDistribution(5, unitNs);
}

/** Decodes `Histogram.encode`: how a histogram in a results document is read back. */
export function decodeHistogram(base64: string): DecodedHistogram {
  const decoded = encoding.doDecode(encoding.decompress(Buffer.from(base64, 'base64')), 64);
  return {
    count: decoded.totalCount,
    percentileNs: (percentile) => decoded.getValueAtPercentile(percentile),
    *buckets() {
      for (let index = 0; index < decoded.countsArrayLength; index++) {
        const count = decoded.getCountAtIndex(index);
        if (count === 0) continue;
        const value = decoded.valueFromIndex(index);
        const bottomNs = decoded.lowestEquivalentValue(value);
        yield { bottomNs, topNs: decoded.highestEquivalentValue(value), count };
      }
    },
  };
}

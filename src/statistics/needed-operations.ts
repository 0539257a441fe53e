/** Confidence with which a percentile is shown at all. */
export const SHOWN_CONFIDENCE = 0.95;

/**
 * How many operations must carry a quantile (0 to 1, excluded) before its value says something about those that were
 * not seen: with as many, the largest of them lies above the quantile with this confidence. 299 for p99, 2,995 for
 * p99.9, 29,956 for p99.99 at 95 %. n >= ln(1 - c) / ln(p): MLPerf LoadGen's rule (Reddi et al., "MLPerf Inference
 * Benchmark", ISCA 2020, with no operation beyond the limit).
 */
export function neededOperations(quantile: number, confidence = SHOWN_CONFIDENCE): number {
  return Math.ceil(Math.log1p(-confidence) / Math.log(quantile));
}

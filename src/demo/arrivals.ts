import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { openTraceFromFile } from '../trace/read/trace-from-file.ts';

/** Operations counted per bin, from the first one on. */
export type ArrivalCounts = number[];

/** When the trace's operations are due at a multiple of their rate, counted in bins of `binMs`. */
export async function plannedArrivals(
  tracePath: string,
  rateMultiplier: number,
  binMs: number,
): Promise<ArrivalCounts> {
  const counts: ArrivalCounts = [];
  let firstNs = Number.NaN;
  const trace = await openTraceFromFile(tracePath);
  for await (const batch of trace.records()) {
    for (const record of batch) {
      if (Number.isNaN(firstNs)) firstNs = record.startNs;
      count(counts, (record.startNs - firstNs) / rateMultiplier, binMs);
    }
  }
  await trace.close();
  return counts;
}

/** When operations reached the dev-server, from its arrival log, counted in bins of `binMs`. */
export async function actualArrivals(arrivalLogPath: string, binMs: number): Promise<ArrivalCounts> {
  const arrivalsNs: number[] = [];
  for await (const line of createInterface({ input: createReadStream(arrivalLogPath) })) {
    const entry = JSON.parse(line) as { arrival_ns: number; message?: number };
    if (entry.message === undefined) arrivalsNs.push(entry.arrival_ns);
  }
  const counts: ArrivalCounts = [];
  const firstNs = arrivalsNs.reduce((least, ns) => Math.min(least, ns), Number.POSITIVE_INFINITY);
  for (const ns of arrivalsNs) count(counts, ns - firstNs, binMs);
  return counts;
}

function count(counts: ArrivalCounts, offsetNs: number, binMs: number): void {
  const bin = Math.floor(offsetNs / (binMs * 1e6));
  while (counts.length <= bin) counts.push(0);
  counts[bin] = (counts[bin] ?? 0) + 1;
}

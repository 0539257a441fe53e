import { exponential, naturalLog } from '../../src/exact-math.ts';
import type {
  OpWindowEntry,
  ResultsDocument,
  WindowEntry,
} from '../../src/results/document/results-document.ts';
import { Histogram } from '../../src/results/histogram/histogram.ts';
import { SeededStream } from '../../src/workload/streams/seeded-stream.ts';

/** A server as the model has it. */
export interface ModelServer {
  /** By how much all its response times are longer: 1.05 is 5 %. */
  readonly slower?: number;
  /** By how much those above the 95th percentile are. */
  readonly tailSlower?: number;
}

const WINDOWS = 120;
const OPERATIONS = 300;

/**
 * The windows of a run of a plan of 120 seconds with 300 operations each: log-normal times around 4 ms, and a load that
 * wanders (it keeps 0.7 of itself from second to second) and slows the server down; the load is the plan's (`plan`), and
 * the rest of chance the run's own.
 */
export function modelRun(
  plan: number,
  run: number,
  { slower = 1, tailSlower = 1 }: ModelServer = {},
): ResultsDocument {
  const [load, own] = [new SeededStream(plan, 'load'), new SeededStream(run, 'times')];
  let level = 0;
  const windows: WindowEntry[] = [];
  const all = new Histogram();
  const tens: Histogram[] = [];
  for (let s = 0; s < WINDOWS; s += 1) {
    level = 0.7 * level + 0.15 * load.bell(s);
    const histogram = new Histogram({ digits: 2 });
    for (let i = 0; i < OPERATIONS; i += 1) {
      const deviate = normal(own, s * OPERATIONS + i);
      const tail = deviate > 1.645 ? tailSlower : 1;
      const ns = Math.round(4e6 * slower * tail * exponential(level + 0.5 * deviate));
      histogram.record(ns);
      all.record(ns);
    }
    if (s % 10 === 0) tens.push(new Histogram({ digits: 2 }));
    tens.at(-1)?.add(histogram);
    windows.push(windowOf(s, histogram));
  }
  return documentOf(`${plan}`, all, windows, { recall: tens.map((ten, i) => opWindowOf(10 * i, ten)) });
}

/** By the polar method of Marsaglia, one draw of two. */
function normal(stream: SeededStream, index: number): number {
  for (let draw = 0; ; draw += 2) {
    const [u, v] = [2 * stream.uniform(index, draw) - 1, 2 * stream.uniform(index, draw + 1) - 1];
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * naturalLog(s)) / s);
  }
}

function windowOf(start_s: number, histogram: Histogram): WindowEntry {
  const { count: ops } = histogram;
  return {
    ...{ start_s, width_s: 1, ops, errors: 0, p50: null, p99: null, max: null, in_flight: 1 },
    ...{ send_error_p99_us: null, histogram: histogram.encode() },
  };
}

function opWindowOf(start_s: number, histogram: Histogram): OpWindowEntry {
  return { start_s, width_s: 10, ops: histogram.count, errors: 0, histogram: histogram.encode() };
}

/** The parts of a document that a comparison looks at. */
function documentOf(
  digest: string,
  all: Histogram,
  windows: WindowEntry[],
  op_windows: Record<string, OpWindowEntry[]>,
): ResultsDocument {
  const document = {
    ...{ schema_version: 1, plan: { digest }, windows, op_windows },
    ...{ summary: {}, operations: {}, service_latency: {}, cache: {} },
    histograms: { response: { overall: all.encode(), recall: all.encode() } },
    latency: { overall: { count: all.count }, recall: { count: all.count } },
    fidelity: { verdict: 'valid', reasons: [] },
    host: { cpu_model: 'model', cpus: 2, node_version: 'v20' },
  };
  return document as unknown as ResultsDocument;
}

import { emptyAccounting } from '../../src/replay/accounting.ts';
import type { ReplayEnd } from '../../src/replay/engine/replay-end.ts';
import { emptyLeftOut } from '../../src/replay/left-out.ts';
import type { Disposition, Operation, SendOutcome, Waits } from '../../src/replay/ports.ts';
import { NO_WAITS } from '../../src/replay/release/hold-meter.ts';
import { createResultsDocument, type DocumentInput } from '../../src/results/create-results-document.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import type { GeneratorHealth } from '../../src/results/health/generator-health.ts';
import { ResultsRecorder } from '../../src/results/tally/results-recorder.ts';
import { emptyLoss, type TraceRecord, unknownOutcome } from '../../src/trace/record/record.ts';
import { compiledSchema } from '../support/compiled-schema.ts';
import { makeRecord as recordAt } from '../support/make-record.ts';

export const MS = 1e6;
export const SECOND = 1e9;

/** A record whose outcome nobody recorded. */
export function makeRecord(given: Partial<TraceRecord> = {}): TraceRecord {
  return recordAt(0, { op: 'recall', outcome: unknownOutcome(), ...given });
}

export function outcome(given: Partial<SendOutcome> = {}): SendOutcome {
  return { status: 200, ok: true, failure: undefined, detail: '', responseBytes: 10, ...given };
}

/** One operation as a test tells it; times in ns after the anchor. */
export interface Told {
  record?: Partial<TraceRecord>;
  dueNs: number;
  readyNs?: number;
  waits?: Partial<Waits>;
  /** As sent, where nothing is said. */
  releasedNs?: number | undefined;
  /** Undefined: never sent. */
  sentNs?: number | undefined;
  doneNs?: number | undefined;
  /** As done, where nothing is said. */
  firstAnswerNs?: number | undefined;
  outcome?: Partial<SendOutcome>;
  disposition?: Disposition;
}

export const HEALTHY: GeneratorHealth = {
  eventLoopDelay: { p50Ns: 0.1 * MS, p99Ns: 1 * MS, maxNs: 3 * MS },
  gc: { count: 3, totalNs: 2 * MS, maxNs: 1 * MS },
  cpu: { userNs: SECOND, systemNs: SECOND / 10 },
  stealShare: 0,
  pressureShare: 0.1,
  throttling: { periods: 0, totalNs: 0, share: 0 },
  clockStepNs: 0.2 * MS,
};

/** The engine's clock does not begin at 0. */
export const ANCHOR_NS = 123 * SECOND;

/** Plays told operations into a recorder, in the order of their times, as the engine would. */
export function play(told: readonly Told[]): { recorder: ResultsRecorder; end: ReplayEnd } {
  const recorder = new ResultsRecorder({ timeScale: 1 });
  const end = emptyEnd();
  const events: { atNs: number; rank: number; run: () => void }[] = [];
  let inFlight = 0;
  told.forEach((each, number) => {
    const { operation, disposition } = operationOf(each, number);
    const wasSent = disposition === 'ok' || disposition === 'error' || disposition === 'cut_off';
    const sentNs = operation.sentNs;
    const send = () => {
      inFlight++;
      recorder.onSent({ ...operation, doneNs: undefined, outcome: undefined }, inFlight);
    };
    if (sentNs !== undefined) events.push({ atNs: sentNs, rank: 0, run: send });
    const settle = () => {
      if (sentNs !== undefined) inFlight--;
      recorder.onSettled(operation, disposition, inFlight);
    };
    events.push({ atNs: operation.doneNs ?? operation.dueNs, rank: 1, run: settle });
    book(end, disposition, wasSent);
  });
  events.sort((a, b) => a.atNs - b.atNs || a.rank - b.rank);
  for (const { run } of events) run();
  return { recorder, end };
}

/** An operation as the engine has it when all is over, and where it ended. */
export function operationOf(told: Told, number: number): { operation: Operation; disposition: Disposition } {
  const disposition = told.disposition ?? 'ok';
  const at = (ns: number | undefined): number | undefined => (ns === undefined ? undefined : ANCHOR_NS + ns);
  const operation: Operation = {
    record: makeRecord({ startNs: told.dueNs, ...told.record }),
    number,
    sequence: number,
    recordNumber: number,
    dueNs: ANCHOR_NS + told.dueNs,
    readyNs: ANCHOR_NS + (told.readyNs ?? told.dueNs),
    ...NO_WAITS,
    ...told.waits,
    releasedNs: at(told.releasedNs ?? told.sentNs),
    sentNs: at(told.sentNs),
    firstAnswerNs: at(told.firstAnswerNs ?? told.doneNs),
    doneNs: at(told.doneNs),
    outcome: told.doneNs === undefined ? undefined : outcome(told.outcome),
  };
  return { operation, disposition };
}

function book(end: ReplayEnd, disposition: Disposition, wasSent: boolean): void {
  const sums = end.accounting;
  sums.planned++;
  if (wasSent) sums.sent++;
  if (disposition === 'ok') sums.ok++;
  else if (disposition === 'error') sums.errors++;
  else if (disposition === 'cut_off') sums.cutOff++;
  else if (disposition === 'shed') sums.shed++;
  else if (disposition === 'gate_timeout') sums.gateTimeout++;
  else sums.unsent++;
}

export function emptyEnd(): ReplayEnd {
  return {
    accounting: emptyAccounting(),
    excluded: emptyLeftOut(),
    dangers: new Map(),
    planComplete: true,
    stop: 'end',
    sourceError: undefined,
    startNs: undefined,
    lastDueNs: undefined,
    lastReleaseNs: undefined,
    endNs: 0,
    stretchedNs: 0,
    passes: 1,
    maxInFlight: 0,
    maxHeld: 0,
    lateReleases: 0,
    stalls: { count: 0, totalNs: 0, maxNs: 0 },
    underruns: 0,
    heldLimitHits: 0,
  };
}

/** A document of a told run, checked against the schema. */
export function documentOf(told: readonly Told[], given: Partial<DocumentInput> = {}): ResultsDocument {
  const { recorder, end } = play(told);
  return validated(createResultsDocument({ ...documentInput(), recorder, end, ...given }));
}

export function documentInput(): Omit<DocumentInput, 'recorder' | 'end'> {
  const digest = 'a'.repeat(64);
  return {
    tool: { name: 'engram-trace', version: '0.0.0' },
    plan: {
      digest,
      trace: {
        name: 'prod.trace.zst',
        format: 'trace',
        digest,
        source: 'capture',
        dialect: 'engram',
        epoch: '2025-01-01T00:00:00.000Z',
        timestamp_resolution_ns: 1,
        warnings: [],
      },
      options: { rate_multiplier: 1 },
      seed: null,
      nearness: null,
    },
    targets: [{ http: 'http://127.0.0.1:7432', grpc: null, addresses: [] }],
    startedMs: Date.UTC(2025, 0, 2),
    health: HEALTHY,
    loss: emptyLoss(),
    gaps: [],
    window: undefined,
    host: {
      platform: 'linux',
      arch: 'x64',
      os_release: '6',
      cpu_model: 'test',
      cpus: 2,
      memory_bytes: 1,
      node_version: 'v20',
    },
    recordCommand: (number) => `engram-trace inspect prod.trace.zst --record ${number}`,
  };
}

const check = compiledSchema('results-v1.schema.json');

/** The document after a trip through JSON; throws when the schema refuses it. */
export function validated(document: unknown): ResultsDocument {
  const text = JSON.stringify(document, (_, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('a number that JSON lacks');
    return value;
  });
  const read: unknown = JSON.parse(text);
  check(read);
  return read as ResultsDocument;
}

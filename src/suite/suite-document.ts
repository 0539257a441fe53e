import type { ErrorCode } from '../error.ts';
import type { ResultsDocument } from '../results/document/results-document.ts';
import { plannedRate } from '../workload/arrivals/planned-rate.ts';
import { runDigest, type Suite, type SuiteLoad, type SuiteRun } from './suite.ts';

/**
 * What a run came to: `done` was measured to its end, whatever its verdict; `failed` could not be, or nobody answered;
 * `interrupted` was stopped.
 */
export type RunStatus = 'done' | 'failed' | 'interrupted' | 'not_run';

/** The document of a suite: JSON, snake_case. docs/suite.md explains every field; the schema is strict. */
export interface SuiteDocument {
  schema_version: 1;
  kind: 'suite';
  tool: ResultsDocument['tool'];
  suite: { name: string; description: string };
  /** Where the runs went; several: their sessions were spread over them. */
  targets: { http: string | null; grpc: string | null }[];
  /** Wall clock at the start, ISO 8601. */
  timestamp: string;
  /** All of the suite's runs, in its order. */
  runs: SuiteRunEntry[];
}

export interface SuiteRunEntry {
  name: string;
  /** SHA-256 of what it sends and has to hold. */
  digest: string;
  load: LoadSection;
  status: RunStatus;
  /** Why it failed; null where it did not. */
  error: RunError | null;
  /** The results document; null where nothing was measured. */
  results: ResultsDocument | null;
}

export interface LoadSection {
  /** Name of the scenario; null for clients of a build cache. */
  scenario: string | null;
  /** Null where operations have a time of their own. */
  clients: number | null;
  /** Mean rate of the plan; null where clients wait for their answers, or nobody knows it. */
  rate_per_sec: number | null;
  duration_secs: number;
}

export interface RunError {
  code: ErrorCode;
  message: string;
  hint: string | null;
}

/** The document of a suite of which nothing was run. */
export function newSuiteDocument(
  { name, description, runs }: Suite,
  about: Pick<SuiteDocument, 'tool' | 'targets' | 'timestamp'>,
): SuiteDocument {
  return {
    schema_version: 1,
    kind: 'suite',
    tool: about.tool,
    suite: { name, description },
    targets: about.targets,
    timestamp: about.timestamp,
    runs: runs.map(notRun),
  };
}

function notRun(run: SuiteRun): SuiteRunEntry {
  const { name, load } = run;
  return {
    name,
    digest: runDigest(run),
    load: loadSection(load),
    status: 'not_run',
    error: null,
    results: null,
  };
}

/** What a run sends, in short. */
export function loadSection(load: SuiteLoad): LoadSection {
  if ('scenario' in load) {
    const { name, arrival, durationNs } = load.scenario;
    const clients = load.clients?.clients ?? null;
    const rate = clients === null ? (plannedRate(arrival, durationNs) ?? null) : null;
    return { scenario: name, clients, rate_per_sec: rate, duration_secs: durationNs / 1e9 };
  }
  const { clients, durationNs } = load.load;
  const rate = 'ratePerSec' in load.pace ? load.pace.ratePerSec : null;
  return { scenario: null, clients, rate_per_sec: rate, duration_secs: durationNs / 1e9 };
}

/** The document with one of its runs as it is now. */
export function withRun(document: SuiteDocument, run: SuiteRunEntry): SuiteDocument {
  return { ...document, runs: document.runs.map((each) => (each.name === run.name ? run : each)) };
}

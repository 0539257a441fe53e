import type { ResultsDocument } from '../results/document/results-document.ts';
import type { ScalabilityLaw } from '../statistics/scalability-law.ts';
import type { Probe } from './probe.ts';
import { resampledMargins } from './resampled-margins.ts';
import type { BoundaryType, Capacity } from './search-capacity.ts';

/** What a load is counted in. */
export type LoadUnit = 'operations a second' | 'clients' | 'x' | 'copies';

/** The document of a search for a capacity: JSON, snake_case. docs/capacity.md explains every field; the schema is strict. */
export interface CapacityDocument {
  schema_version: 1;
  kind: 'capacity';
  tool: ResultsDocument['tool'];
  /** Wall clock at the start, ISO 8601. */
  timestamp: string;
  targets: { http: string | null; grpc: string | null }[];
  searched: SearchedSection;
  /** What has to hold, as it was written. */
  limits: string[];
  generator: GeneratorLimitSection | null;
  /** `interrupted`: what there is was written, and `--resume` goes on. */
  status: 'complete' | 'interrupted';
  answer: AnswerSection;
  /** In the order they were run. */
  probes: ProbeEntry[];
}

export interface SearchedSection {
  /** SHA-256 of what is sent, where to, and what has to hold: probes of another one are never taken for these. */
  digest: string;
  source: 'scenario' | 'cache clients' | 'trace';
  name: string;
  by: 'rate' | 'clients' | 'multiplier' | 'copies' | 'upscale';
  unit: LoadUnit;
  /** Null where the whole of a trace is played. */
  probe_duration_secs: number | null;
  seed: number;
  from: number;
  least: number;
  /** Null where nothing bounds it. */
  most: number | null;
  within: number;
  max_probes: number;
  /** The loads of a plain sweep; null where the load was searched for. */
  loads: number[] | null;
}

/** What this machine sends in time, as `calibrate` has it, in the unit of the load. */
export interface GeneratorLimitSection {
  /** The highest load that it kept; null where it did not even keep the first. */
  carries: number | null;
  /** No load above it is tried. */
  most: number;
  /** It is this that ends the range, and not what was asked for. */
  bounds: boolean;
}

export interface AnswerSection {
  boundary_type: BoundaryType;
  /** Null where there is no single number. */
  capacity: number | null;
  /** With 95 % confidence; of a cliff its two sides. */
  low: number | null;
  high: number | null;
  held: number | null;
  breached: number | null;
  binding_limit: string | null;
  limited_by: Capacity['limitedBy'];
  /** False: a load did not hold below one that did. */
  is_monotone: boolean;
  /** 70 % of the capacity, or of the highest load that surely held. */
  safe_load: number | null;
  /** Where latency begins to rise steeply: Kneedle over the p99 of every valid probe. */
  knee: { load: number; p99_ms: number } | null;
  scalability_law: ScalabilityLawSection | null;
}

export interface ScalabilityLawSection {
  ops_per_sec_of_one: number;
  contention: number;
  crosstalk: number;
  peak_in_flight: number | null;
  peak_ops_per_sec: number | null;
}

export interface ProbeEntry {
  load: number;
  timestamp: string;
  kind: Probe['kind'];
  /** Whether every limit held; null where the run says nothing. */
  holds: boolean | null;
  verdict: ResultsDocument['fidelity']['verdict'];
  /** Why it is no more than that; null where it is valid. */
  why: string | null;
  margins: MarginEntry[];
  operations: number;
  error_rate: number | null;
  planned_ops_per_sec: number | null;
  throughput_ops_per_sec: number | null;
  /** Operations in flight on average: throughput by mean response time (Little). */
  mean_in_flight: number | null;
  p50_ms: number | null;
  p99_ms: number | null;
  duration_secs: number | null;
  /** The results document, where it was kept (`--keep`). */
  results: string | null;
}

export interface MarginEntry {
  limit: string;
  /** ln(limit / observed): 0 at the limit, 0.69 at half of it, negative beyond; at most 10. */
  margin: number;
  /** Its standard error; 0 where it is exactly known. */
  sigma: number;
}

/** A probe as the document has it. */
export function probeEntry(probe: Probe, document: ResultsDocument, results: string | null): ProbeEntry {
  const { summary, latency, fidelity } = document;
  const { mean, p50, p99 } = latency.overall;
  const { planned_duration_secs: plannedSecs } = fidelity.drift;
  const perSec = summary.throughput_ops_sec;
  return {
    load: probe.load,
    timestamp: document.timestamp,
    kind: probe.kind,
    holds: probe.kind === 'valid' ? probe.margins.every(({ margin }) => margin >= 0) : null,
    verdict: fidelity.verdict,
    why: probe.why ?? null,
    margins: probe.margins.map(({ name, margin, resampled }) => ({
      limit: name,
      margin: rounded(margin),
      sigma: rounded(deviationOf(resampled, margin)),
    })),
    operations: summary.total_operations,
    error_rate: summary.error_rate,
    planned_ops_per_sec:
      plannedSecs === null || plannedSecs <= 0 ? null : summary.planned_operations / plannedSecs,
    throughput_ops_per_sec: perSec,
    mean_in_flight: perSec === null || mean === null ? null : (perSec * mean) / 1000,
    p50_ms: p50,
    p99_ms: p99,
    duration_secs: summary.duration_secs,
    results,
  };
}

/** A probe as the search has it. */
export function probeOfEntry({ load, timestamp, kind, margins, why }: ProbeEntry): Probe {
  return {
    load,
    kind,
    margins: margins.map(({ limit, margin, sigma }) => ({
      ...{ name: limit, margin },
      resampled: resampledMargins(margin, sigma, `${limit} ${load} ${timestamp}`),
    })),
    ...(why === null ? {} : { why }),
  };
}

/** The law with the names of the document. */
export function scalabilitySection(law: ScalabilityLaw | undefined): ScalabilityLawSection | null {
  if (law === undefined) return null;
  return {
    ops_per_sec_of_one: law.rate,
    contention: law.contention,
    crosstalk: law.crosstalk,
    peak_in_flight: law.peakInFlight,
    peak_ops_per_sec: law.peakPerSecond,
  };
}

function deviationOf(resampled: readonly number[], margin: number): number {
  const squares = resampled.reduce((sum, each) => sum + (each - margin) ** 2, 0);
  return resampled.length === 0 ? 0 : Math.sqrt(squares / resampled.length);
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}

import type { PlanNearness } from '../arrivals/plan-nearness.ts';
import type { CaptureLossSection } from './capture-loss-section.ts';
import type { ChaosSection } from './chaos-section.ts';
import type { EndlessSection } from './endless-section.ts';
import type { FidelitySection } from './fidelity-section.ts';
import type { HistogramsSection } from './histograms-section.ts';
import type { FlatLatencies, LatencySection, Percentiles } from './latency-section.ts';
import type { ResourcesSection } from './resources-section.ts';
import type { StreamsSection } from './streams-section.ts';

/** The results document as written: JSON, snake_case. docs/results.md explains every field; the schema is strict. */
export interface ResultsDocument {
  schema_version: 1;
  tool: { name: string; version: string };
  plan: PlanSection;
  target: TargetSection;
  /** Where sessions were spread over several targets: the numbers of each. `target` is the first. */
  targets?: TargetEntry[];
  /** Wall clock at the start, ISO 8601. */
  timestamp: string;
  /**
   * Clients waited for their answers: the load followed the server. Latencies then count from the actual send, for there
   * is no due time that a slow server did not move itself.
   */
  closed_loop: boolean;
  summary: SummarySection;
  /** `cancelled` are among the successful, and the failed where a refusal had come. */
  operations: OperationCounts & { ops: Record<string, OperationCounts> };
  throughput_ops_per_sec: number | null;
  latency: LatencySection & FlatLatencies;
  service_latency: LatencySection;
  first_answer_latency: LatencySection;
  recorded_latency: LatencySection;
  /** Over all operations; `fidelity.send_error_us` has it for each. */
  send_error_us: Percentiles;
  /** The messages of gRPC streams; null where the plan has no stream. */
  streams: StreamsSection | null;
  /** Answers without an end of their own (server-sent events and the like); null where none came. */
  endless_answers: EndlessSection | null;
  /** Answers against the recorded ones, by status and bytes. */
  answers: { overall: AnswerCounts; ops: Record<string, AnswerCounts> };
  status_classes: StatusClassesSection;
  cache: CacheSection;
  /** Answers by the value of one of their headers (`--count-by-header`); only where that was asked for. */
  counted_by_header?: HeaderCountsSection;
  errors: ErrorEntry[];
  windows: WindowEntry[];
  /** The same for each op, in wider windows; empty where there are more than eight ops. */
  op_windows: Record<string, OpWindowEntry[]>;
  /** The same as `checks` for readers of older documents; what was no limit is not there. */
  validation: Partial<Record<'met_throughput_target' | 'met_latency_target' | 'max_error_rate_ok', boolean>>;
  checks: CheckEntry[];
  fidelity: FidelitySection;
  capture_loss: CaptureLossSection;
  histograms: HistogramsSection;
  /** Plain sentences about the run that take nothing from its verdict. */
  notes: string[];
  /** The spaces that `--prepare` made before the clock started. */
  prepare: PrepareSection | null;
  /** What the target was filled with before the clock started, and how `run` was to begin. */
  preload: PreloadSection | null;
  /** What was done to the target besides the load; null where there was nothing of the kind. */
  chaos: ChaosSection | null;
  /** What was read of the server while the load ran (`--watch-pid` and the like); not there where nothing was. */
  resources?: ResourcesSection;
  /** The log of every operation that goes with this document (`--replay-log`). */
  replay_log: ReplayLogSection | null;
  host: HostSection;
}

export interface TargetSection {
  http: string | null;
  grpc: string | null;
  addresses: AddressEntry[];
}

export interface CacheSection {
  hits: number | null;
  misses: number | null;
  hit_rate_percent: number | null;
}

export interface HeaderCountsSection {
  name: string;
  values: Record<string, number>;
  /** Answers with other values than those named. */
  other: number;
  /** Answers without the header. */
  absent: number;
}

/** One of several targets, and the operations of its sessions. */
export interface TargetEntry extends TargetSection {
  operations: OperationCounts;
  error_rate: number | null;
  /** Operations that succeeded, by the duration of the whole run. */
  throughput_ops_per_sec: number | null;
  latency: { overall: Percentiles };
  service_latency: { overall: Percentiles };
  cache: CacheSection;
}

/** Connections to one address of a target's name. */
export interface AddressEntry {
  protocol: 'http' | 'grpc';
  address: string;
  /** Null where nobody can tell. */
  connections: number | null;
  failed_attempts: number | null;
}

export interface PrepareSection {
  /** Spaces of the plan. */
  spaces: number;
  made: number;
  /** Were there already. */
  existed: number;
  secs: number;
  /** How long the slowest space took to be made. */
  slowest_secs: number | null;
}

export interface PreloadSection {
  /** Memories that the scenario takes the target to hold. */
  memories: number;
  /** The first of them that was to be stored: those before it had been before. */
  from: number;
  stored: number;
  failed: number;
  /** The first that is not stored, with which `--preload-from` goes on; null where all are. */
  next: number | null;
  /** What the target held already; null where that is not known. */
  held_before: number | null;
  secs: number;
}

export interface ReplayLogSection {
  entries: number;
  /** Operations that could not be kept. */
  entries_lost: number;
  blocks: number;
  /** SHA-256 of its last frame, which stands for all of them. */
  sha256: string;
}

export interface PlanSection {
  /** SHA-256 of the trace's operations and of the options that shape the plan. */
  digest: string;
  trace: {
    name: string;
    format: string;
    /** SHA-256 of the operations that were read. */
    digest: string;
    source: string;
    dialect: string;
    /** Wall clock that recorded times count from, ISO 8601. */
    epoch: string;
    timestamp_resolution_ns: number;
    /** Sentences the reader had to say of the file: cut off, damaged, … */
    warnings: string[];
  };
  /** The options in force, defaults included. */
  options: Record<string, string | number | boolean | null>;
  seed: number | null;
  /** Null for a plan that is as heavy as its recording, or that has times of its own. */
  nearness: PlanNearness | null;
}

/** Operations sent: total = successful + failed. */
export interface OperationCounts {
  total: number;
  successful: number;
  failed: number;
  cancelled: number;
}

export interface SummarySection {
  /** Operations sent. */
  total_operations: number;
  planned_operations: number;
  /** From the first due time to the end of the last operation. */
  duration_secs: number | null;
  /** Operations that succeeded, by that duration. */
  throughput_ops_sec: number | null;
  sent_ops_sec: number | null;
  /** Share of the operations sent that failed, 0 to 1. */
  error_rate: number | null;
  /** Operations without a whole answer that were not cancelled as recorded. Those not waited for to the end (a timeout) have no latency. */
  without_answer: number;
  /** Answers whose status differs from the recorded one. */
  status_mismatches: number;
  /** Share of the operations compared whose answer is of another class than recorded, 0 to 1. */
  status_class_mismatch_rate: number | null;
  response_bytes: number;
  /** Why it ended. */
  stop: 'end' | 'interrupted' | 'behind' | 'source_error' | 'sender_died';
}

/** Operations sent: total = same + other + unknown. */
export interface AnswerCounts {
  same: number;
  other: number;
  unknown: number;
}

export interface StatusClassesSection {
  /** Operations that were answered or failed, and could not be compared: the recording has no status of them. */
  recorded_unknown: number;
  overall: StatusClassCounts;
  ops: Record<string, StatusClassCounts>;
  /** Which recorded class became which other class, the most frequent change first. */
  changes: { op: string; recorded: string; replayed: string; count: number }[];
}

export interface StatusClassCounts {
  /** Operations that were answered or failed, and of which the recording has a status. */
  compared: number;
  mismatches: number;
  mismatch_rate: number | null;
}

export interface ErrorEntry {
  code: string;
  op: string;
  count: number;
  /** How many of them had the very same status in the recording. */
  as_recorded: number;
  first_record: { number: number; command: string } | null;
  example: string;
}

export interface WindowEntry {
  start_s: number;
  width_s: number;
  ops: number;
  errors: number;
  p50: number | null;
  p99: number | null;
  max: number | null;
  in_flight: number;
  send_error_p99_us: number | null;
  /** The response times, as `histograms` has them but with two digits; null where there is none. */
  histogram: string | null;
  /** Means of what was watched, by the names of `resources.series`. */
  resources?: Record<string, number>;
}

export interface OpWindowEntry {
  start_s: number;
  width_s: number;
  ops: number;
  errors: number;
  histogram: string | null;
}

export interface CheckEntry extends Partial<JudgedByBounds> {
  expr: string;
  observed: number | null;
  pass: boolean;
}

/** What is there besides of a limit that was given with the run (`--fail-if` and the like), and judged by bounds. */
export interface JudgedByBounds {
  name: string;
  /** `not judged`: the value is not known, or the run was not valid. */
  status: 'PASS' | 'INVESTIGATE' | 'FAIL' | 'not judged';
  /** Where it can't be judged, it counts as broken. */
  required: boolean;
  /** What is beyond doubt too much, where that is not the limit itself. */
  fails: string | null;
  low: number | null;
  high: number | null;
  where: string | null;
  why: string | null;
  windows: number;
  windows_not_passed: number;
}

export interface HostSection {
  platform: string;
  arch: string;
  os_release: string;
  cpu_model: string;
  cpus: number;
  memory_bytes: number;
  node_version: string;
}

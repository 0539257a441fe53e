// The library: everything the command line does, without the command line (docs/library.md). Times are integer ns, sizes
// bytes; records come and go in batches as async iterables; what breaks throws an EngramTraceError.

// What a trace is made of.

export { EngramTraceError, type ErrorCode, type ErrorDetails } from './error.ts';
export {
  emptyHeader,
  emptyLoss,
  emptyRecord,
  FORMAT_VERSION,
  type Gap,
  type GrpcStream,
  type HeaderList,
  type HttpVersion,
  type Loss,
  type Outcome,
  type Protocol,
  type RecordMap,
  type StreamMessage,
  type TimeWindow,
  type TraceHeader,
  type TraceRecord,
  unknownOutcome,
} from './trace/record/record.ts';
export type { PlanHints } from './trace/stats/plan-hints.ts';
export type { BlockEntry, Totals, TraceIndex } from './trace/stats/trace-index.ts';
export type { ByteSink, ReadOptions, Trace, TraceWriter } from './trace/trace.ts';

// Reading, in whatever form, and what else takes options: one that does not exist is refused.

export {
  createFileSinkDoor as createFileSink,
  createNdjsonWriterDoor as createNdjsonWriter,
  createRecordFilterDoor as createRecordFilter,
  createTraceWriterDoor as createTraceWriter,
  openOpLogDoor as openOpLog,
  openRecordExportDoor as openRecordExport,
  openTraceDoor as openTrace,
  planExportDoor as planExport,
  replayOptionsDoor as replayOptions,
  startCaptureDoor as startCapture,
  startReplayLogDoor as startReplayLog,
} from './library/doors.ts';

export { openLoadtest } from './sources/loadtest/open-loadtest.ts';
export { SOURCES } from './sources/open/default-sources.ts';
export type { OpenOptions } from './sources/open/open-options.ts';
export type { Head, Source, SourceInput } from './sources/source.ts';
export { createTextTrace, type Reading, type TextForm } from './sources/text-trace.ts';
export { openTraceFile, type TraceFile } from './trace/read/trace-file.ts';

// Selecting, changing, merging.

export type { Dialect, OperationName, RequestView } from './dialects/dialect.ts';
export { DIALECT_NAMES, findDialect } from './dialects/find-dialect.ts';
export { type MergeInput, mergeRecords } from './sources/merge-records.ts';
export { mergeTraces } from './sources/merge-traces.ts';
export {
  derivedHeader,
  type FilterReport,
  type FilterRules,
  filterTrace,
} from './transforms/filter-trace.ts';
export { mapRecords } from './transforms/map-records.ts';
export { mapTrace } from './transforms/map-trace.ts';
export type {
  FilterConditions,
  LatencyRange,
  RecordPredicate,
} from './transforms/record-filter.ts';
export { createSessionSample } from './transforms/session-sample.ts';
export { recordsBetween, type TimePoint, type TimeRange } from './transforms/time-range.ts';
export { type UnmetValue, WatchedFilter } from './transforms/watched-filter.ts';

// Writing.

export { createLoadtestWriter } from './sources/loadtest/loadtest-writer.ts';
export { createStreamSink, type FileSink, type StreamSink } from './trace/file/file-sink.ts';
export { recordFromJson, recordToJson } from './trace/ndjson/record-json.ts';
export type { TraceWriterOptions } from './trace/write/create-trace-writer.ts';
export { type RepairReport, repairTrace } from './trace/write/repair.ts';

// Looking inside.

export { countRecords } from './inspect/count-records.ts';
export { traceSummaryText } from './inspect/summary-text.ts';
export { type SummaryInput, summarizeTrace, type TraceSummary } from './inspect/trace-summary.ts';

// Recording, and cutting a window out of what was recorded.

export type { Capture, CaptureSummary } from './capture/capture.ts';
export type { CaptureOptions } from './capture/capture-options.ts';
export type { CaptureListenerOptions } from './capture/relay/capture-listener.ts';
export {
  type ExportOptions,
  type ExportPlan,
  type ExportReport,
  writeExport,
} from './sources/export/export-op-log.ts';
export type { RecordExport, RecordExportOptions } from './sources/export/export-records.ts';
export type { OpLog, OpLogOptions } from './sources/op-log/op-log.ts';
export type { Segment } from './sources/op-log/op-log-segment.ts';

// A whole replay with its results document, and the proof that the results say so.

export { type CheckReport, checkResults, type Wanted } from './check/check-results.ts';
export type { Judgement, Status } from './check/judge-limit.ts';
export { readLimitsFile } from './check/limits-file.ts';
export type { LimitWords } from './check/parse-limit.ts';
export { presetLimits } from './check/presets.ts';
export {
  type Change,
  type CompareOptions,
  type Comparison,
  compareResults,
} from './compare/compare-results.ts';
export { type CalibrateTraceOptions, calibrateTrace } from './library/calibrate-trace.ts';
export type { GivenTargets, ReplayTarget } from './library/replay-target.ts';
export { type RunReplayOptions, runReplay } from './library/run-replay.ts';
export { verifyFromFiles as verifyReplay } from './library/verify-from-files.ts';
export type { LogHeader, LogSeal, ReplayLog } from './replay-log/replay-log.ts';
export type { ReplayLogOptions } from './replay-log/start-replay-log.ts';
export type { RunDeps, RunOptions, RunProgress } from './replay-run/options/run-options.ts';
export { type Endpoint, parseGrpcEndpoint, parseHttpEndpoint } from './replay-run/target/endpoint.ts';
export type { TransportChoice, TransportKind } from './replay-run/target/transport-choice.ts';
export type { LatencySection, Percentiles } from './results/document/latency-section.ts';
export type { ResultsDocument } from './results/document/results-document.ts';
export type { Check } from './verify/compare.ts';
export type { Verification } from './verify/verify-replay.ts';

// The engine by itself, and what it sends by.

export type { ReplayAccounting } from './replay/accounting.ts';
export { createRealClock } from './replay/clock/real-clock.ts';
export { replay } from './replay/engine/engine.ts';
export type { ReplayEnd } from './replay/engine/replay-end.ts';
export type {
  AnswerMatch,
  Clock,
  Disposition,
  FailureCode,
  Operation,
  ReplayObserver,
  SendListener,
  SendOutcome,
  Transport,
} from './replay/ports.ts';
export type { ReplayOptions } from './replay/replay-options.ts';
export { createGrpcTransport, type GrpcTransportOptions } from './transports/grpc-js/grpc-transport.ts';
export { createUndiciTransport, type UndiciTransportOptions } from './transports/undici/undici-transport.ts';
export {
  createWireGrpcTransport,
  type WireGrpcTransportOptions,
} from './transports/wire-grpc/wire-grpc-transport.ts';
export {
  createWireHttpTransport,
  type WireHttpTransportOptions,
} from './transports/wire-http/wire-http-transport.ts';

// Load without a recording: a load of your own, a scenario, clients that wait for their answers, and what is learned from
// a trace.

export { scenarioChaos } from './chaos/scenario-chaos.ts';
export { type FitTraceOptions, type FittedTrace, fitTrace } from './library/fit-trace.ts';
export {
  type OwnAnswer,
  type OwnClient,
  type OwnClients,
  type OwnOperation,
  playClients,
} from './library/play-clients.ts';
export type { TraceInput } from './library/with-trace.ts';
export { openOwnWorkload, type Workload } from './library/workload.ts';
export type { ChaosLoad } from './replay-run/options/chaos-load.ts';
export type { ClosedLoop } from './replay-run/options/closed-loop.ts';
export type { ArrivalSpec } from './workload/arrivals/arrival-spec.ts';
export { CACHE_LOAD, type CacheLoad } from './workload/clients/cache-load.ts';
export type { ClientPace } from './workload/clients/client-pace.ts';
export { clientPace } from './workload/clients/client-scenario.ts';
export { type ClosedLoad, closedCacheLoad } from './workload/clients/closed-cache-load.ts';
export { closedScenarioLoad } from './workload/clients/closed-scenario-load.ts';
export { openCacheLoad } from './workload/clients/open-cache-load.ts';
export type { ScenarioClients } from './workload/clients/scenario-script.ts';
export { openWorkload, type WorkloadOptions } from './workload/generate/open-workload.ts';
export type { SeededScenario } from './workload/generate/record-batches.ts';
export { type FoundScenario, findScenario } from './workload/scenario/find-scenario.ts';
export { readScenario } from './workload/scenario/read-scenario.ts';
export type { Scenario } from './workload/scenario/scenario.ts';
export { type ScenarioOverrides, withOverrides } from './workload/scenario/with-overrides.ts';

// A stand-in for the server, for tests.

export { createDevServer, type DevServer, type DevServerOptions } from './dev-server/dev-server.ts';
export { type Latency, parseLatency } from './dev-server/faults/latency.ts';
export { parseStall, type Stall } from './dev-server/faults/stall.ts';

// What is watched beside a load.

export type { Watch } from './replay-run/options/watch-load.ts';
export type { ResourcesSection } from './results/document/resources-section.ts';
export { watchTargets } from './watch/open-watch.ts';
export type { WatchTarget } from './watch/watch-target.ts';

import type { Capture } from '../capture/capture.ts';
import type { CaptureOptions } from '../capture/capture-options.ts';
import { startRelays } from '../capture/relays/start-relays.ts';
import { refuseUnknownOptions } from '../refuse-unknown-options.ts';
import { type ReplayOptions, replayOptions } from '../replay/replay-options.ts';
import type { ReplayLog } from '../replay-log/replay-log.ts';
import { type ReplayLogOptions, startReplayLog } from '../replay-log/start-replay-log.ts';
import { type ExportOptions, type ExportPlan, planExport } from '../sources/export/export-op-log.ts';
import {
  openRecordExport,
  type RecordExport,
  type RecordExportOptions,
} from '../sources/export/export-records.ts';
import { type OpLog, type OpLogOptions, openOpLog } from '../sources/op-log/op-log.ts';
import type { OpenOptions } from '../sources/open/open-options.ts';
import { openTrace } from '../sources/open/open-trace.ts';
import { createFileSink, type FileSink, type FileSinkOptions } from '../trace/file/file-sink.ts';
import { createNdjsonWriter, type NdjsonWriterOptions } from '../trace/ndjson/ndjson-writer.ts';
import type { TraceHeader } from '../trace/record/record.ts';
import type { ByteSink, Trace, TraceWriter } from '../trace/trace.ts';
import { createTraceWriter, type TraceWriterOptions } from '../trace/write/create-trace-writer.ts';
import {
  createRecordFilter,
  type FilterConditions,
  type RecordPredicate,
} from '../transforms/record-filter.ts';
import { inOptionWords, optionWords } from './in-option-words.ts';

// What other rooms make is given to programs here: a program in JavaScript hears of an option that does not exist, and what
// goes wrong is told in the words of options. The names of each are listed once: the compiler finds one that is missing.

type Names<T> = Record<keyof T, true>;

const OPEN: Names<OpenOptions> = { stdin: true, sources: true, totalsOnly: true };
const WINDOW = { startUnixNs: true, endUnixNs: true, durationNs: true } as const;
const EXPORT: Names<ExportOptions> = { ...WINDOW, tool: true, skipDamaged: true };
const RECORD_EXPORT: Names<RecordExportOptions> = EXPORT;
const OP_LOG: Names<OpLogOptions> = { skipDamaged: true, from: true, to: true, onFile: true };
const TRACE_WRITER: Names<TraceWriterOptions> = { maxBlockBytes: true, maxBlockSpanNs: true, level: true };
const NDJSON_WRITER: Names<NdjsonWriterOptions> = { compress: true, recordsOnly: true };
const FILE_SINK: Names<FileSinkOptions> = { force: true, calls: true };
const REPLAY_LOG: Names<ReplayLogOptions> = {
  path: true,
  force: true,
  header: true,
  maxWaitingBlocks: true,
};
const FILTER: Names<FilterConditions> = {
  ops: true,
  spaces: true,
  sessions: true,
  methods: true,
  paths: true,
  statuses: true,
  protocol: true,
  ok: true,
  latencies: true,
  fromNs: true,
  toNs: true,
  invert: true,
};

/** Opens a trace of any form, told apart by its content; `-` is `options.stdin`. Devices and pipes work by name too. */
export function openTraceDoor(path: string, options: OpenOptions = {}): Promise<Trace> {
  return inOptionWords(async () => {
    refuseUnknownOptions(options, OPEN, 'of openTrace');
    return openTrace(path, options);
  });
}

/** Starts recording proxies in front of a server; rejects when an address or the folder can't be used. */
export function startCaptureDoor(options: CaptureOptions): Promise<Capture> {
  return inOptionWords(() => startRelays({ ...options, onWarning: warningsOf(options ?? {}) }));
}

function warningsOf({ onWarning }: CaptureOptions): CaptureOptions['onWarning'] {
  const tell = onWarning ?? ((text: string) => process.emitWarning(text, 'EngramTraceWarning'));
  return (text) => tell(optionWords(text));
}

/** Opens the folder of an op log. */
export function openOpLogDoor(path: string, options: OpLogOptions = {}): Promise<OpLog> {
  return inOptionWords(async () => {
    refuseUnknownOptions(options, OP_LOG, 'of openOpLog');
    return openOpLog(path, options);
  });
}

/** Plans the export of a window of an op log; `writeExport` writes it. */
export function planExportDoor(log: OpLog, options: ExportOptions): Promise<ExportPlan> {
  return inOptionWords(async () => {
    refuseUnknownOptions(options, EXPORT, 'of planExport');
    return planExport(log, options);
  });
}

/** Opens a window of any trace, record by record. */
export function openRecordExportDoor(trace: Trace, options: RecordExportOptions): Promise<RecordExport> {
  return inOptionWords(async () => {
    refuseUnknownOptions(options, RECORD_EXPORT, 'of openRecordExport');
    return openRecordExport(trace, options);
  });
}

/**
 * Writes a trace file. Records may be out of order inside the block now open: they are sorted. One that is older
 * makes blocks overlap, which readers put right; but in a trace whose header says `sorted`, the blocks must keep
 * the order of their first starts, and a record that would break it is a `bad_record` error.
 */
export function createTraceWriterDoor(
  sink: ByteSink,
  header: TraceHeader,
  options: TraceWriterOptions = {},
): TraceWriter {
  refuseUnknownOptions(options, TRACE_WRITER, 'of createTraceWriter');
  return createTraceWriter(sink, header, options);
}

/** Writes NDJSON: the header in the first line, then a record a line. Compressed, each MiB is a zstd frame. */
export function createNdjsonWriterDoor(
  sink: ByteSink,
  header: TraceHeader,
  options: NdjsonWriterOptions = {},
): TraceWriter {
  refuseUnknownOptions(options, NDJSON_WRITER, 'of createNdjsonWriter');
  return createNdjsonWriter(sink, header, options);
}

/**
 * Opens a file that appears under its name only when it is whole: it is written next to it, and named by `close`. One
 * that exists is a `usage` error unless `force` is set.
 */
export function createFileSinkDoor(name: string, options: FileSinkOptions = {}): Promise<FileSink> {
  return inOptionWords(async () => {
    refuseUnknownOptions(options, FILE_SINK, 'of createFileSink');
    return createFileSink(name, options);
  });
}

/** Opens a replay log in a thread of its own; rejects where the file can't be made (`usage`, `io`). */
export function startReplayLogDoor(options: ReplayLogOptions): Promise<ReplayLog> {
  return inOptionWords(async () => {
    refuseUnknownOptions(options, REPLAY_LOG, 'of startReplayLog');
    return startReplayLog(options);
  });
}

/** The options of the engine, with what is usual for all that is not given. Throws `usage` for what makes no sense. */
export function replayOptionsDoor(given: Partial<ReplayOptions> = {}): ReplayOptions {
  refuseUnknownOptions(given, replayOptions(), 'of replayOptions');
  return replayOptions(given);
}

/** Compiles conditions into a pure predicate, cheapest tests first. Throws `usage` for a condition that makes no sense. */
export function createRecordFilterDoor(conditions: FilterConditions): RecordPredicate {
  refuseUnknownOptions(conditions, FILTER, 'of createRecordFilter');
  return createRecordFilter(conditions);
}

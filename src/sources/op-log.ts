import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EngramTraceError } from '../trace/error.ts';
import type { TraceHeader } from '../trace/record.ts';
import { openTraceFile, type TraceFile } from '../trace/trace-file.ts';
import { compareTimes, type UnixSpan } from './unix-span.ts';

/** One file of an op log. All times in Unix ns; the span is the time it was recorded into. */
export interface Segment extends UnixSpan {
  readonly name: string;
  readonly runId: string;
  readonly header: TraceHeader;
  /** Of its records; undefined where it has none. `endUnixNs` is just behind the last start. */
  readonly recorded: UnixSpan | undefined;
  /** Undefined once it is known that nothing of it is needed. */
  readonly file: TraceFile | undefined;
}

/** A folder of trace files that were recorded one after the other, or a single one. */
export interface OpLog {
  readonly name: string;
  /** In the order of their time. */
  readonly segments: readonly Segment[];
  /** Files that could not be read, with the reason. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  close(): Promise<void>;
}

export interface OpLogOptions {
  /** Go on without the files that can't be read. */
  skipDamaged?: boolean | undefined;
  /** Files with records outside are closed again at once. An absent bound is open. */
  from?: bigint | undefined;
  to?: bigint | undefined;
  /** Told of each file before it is opened: of a killed capture's, every block must be read. */
  onFile?: ((name: string, number: number, count: number) => void) | undefined;
}

const TRACE = /\.trace\.zst$/;
/** As capture names them. Other traces in the same folder, such as an earlier export, are left alone. */
const SEGMENT = /^oplog-.*\.trace\.zst$/;

/**
 * Opens every segment of an op log far enough to know its times. Throws `usage` for a folder that is none, `io` where
 * there is nothing, `not_a_trace` for a file that is something else.
 */
export async function openOpLog(path: string, options: OpLogOptions = {}): Promise<OpLog> {
  const { names, isFolder } = await segmentPaths(path);
  const segments: Segment[] = [];
  const skipped: { name: string; reason: string }[] = [];
  const close = async () => {
    for (const segment of segments) await segment.file?.close();
  };
  try {
    for (const [number, name] of names.entries()) {
      options.onFile?.(name, number, names.length);
      const segment = await openSegment(name).catch((thrown: unknown) =>
        skip(thrown, name, { ...options, isFolder }, skipped),
      );
      if (segment !== undefined) segments.push(await dropUnneeded(segment, options));
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  segments.sort((a, b) => compareTimes(a.startUnixNs, b.startUnixNs));
  return { name: path, segments, skipped, close };
}

async function segmentPaths(path: string): Promise<{ names: string[]; isFolder: boolean }> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file or folder' : cause.message;
    throw new EngramTraceError('io', reason, { where: path, cause });
  });
  if (!found.isDirectory()) return { names: [path], isFolder: false };
  const traces = (await readdir(path)).filter((name) => TRACE.test(name)).sort();
  const segments = traces.filter((name) => SEGMENT.test(name));
  const names = segments.length > 0 ? segments : traces;
  if (names.length > 0) return { names: names.map((name) => join(path, name)), isFolder: true };
  throw new EngramTraceError('usage', 'the folder is no op log: it holds no .trace.zst file', {
    where: path,
    hint: 'name the folder that was given to capture with --oplog',
  });
}

function skip(
  thrown: unknown,
  path: string,
  options: OpLogOptions & { isFolder: boolean },
  skipped: { name: string; reason: string }[],
): undefined {
  const error = EngramTraceError.from(thrown, 'io');
  // Capture opens a segment before it has anything to write: an empty file is no damage.
  if (error.code === 'empty' || (options.skipDamaged && (options.isFolder || isDamage(error)))) {
    skipped.push({ name: basename(path), reason: error.message });
    return;
  }
  throw new EngramTraceError(error.code, error.message, {
    where: error.where ?? path,
    hint: hintFor(error, options.isFolder),
    cause: thrown,
  });
}

function isDamage({ code }: EngramTraceError): boolean {
  return code === 'corrupt' || code === 'bad_record';
}

/** Only what was a trace once can be repaired, and only one of several can be left out. */
function hintFor(error: EngramTraceError, isFolder: boolean): string | undefined {
  const repair = isDamage(error) ? '`engram-trace repair` recovers what is whole of it' : undefined;
  const skip = isFolder ? '--skip-damaged goes on without it' : undefined;
  if (repair === undefined && skip === undefined) return error.hint;
  return [skip, repair].filter((part) => part !== undefined).join('; ');
}

async function openSegment(path: string): Promise<Segment> {
  const file = await openTraceFile(path);
  const { epochUnixNs, openedNs, runId } = file.header;
  const { totals, closedNs } = file.index;
  const at = (ns: number) => epochUnixNs + BigInt(ns);
  const hasRecords = totals.records > 0;
  const [firstNs, lastNs] = [totals.firstStartNs, totals.lastStartNs];
  return {
    name: basename(path),
    runId,
    header: file.header,
    startUnixNs: at(hasRecords ? Math.min(openedNs, firstNs) : openedNs),
    endUnixNs: at(hasRecords ? Math.max(closedNs, lastNs + 1) : Math.max(openedNs, closedNs)),
    recorded: hasRecords ? { startUnixNs: at(firstNs), endUnixNs: at(lastNs + 1) } : undefined,
    file,
  };
}

/** So that a long log does not keep a file open for each segment. */
async function dropUnneeded(segment: Segment, { from, to }: OpLogOptions): Promise<Segment> {
  const outside =
    (from !== undefined && segment.endUnixNs <= from) || (to !== undefined && segment.startUnixNs >= to);
  if (!outside) return segment;
  await segment.file?.close();
  return { ...segment, file: undefined };
}

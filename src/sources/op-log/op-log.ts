import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EngramTraceError } from '../../error.ts';
import { isUntoldLossesName } from '../../trace/op-log/untold-losses.ts';
import { openTraceFile } from '../../trace/read/trace-file.ts';
import { hasLoss } from '../../trace/record/record.ts';
import type { BlockEntry } from '../../trace/stats/trace-index.ts';
import { notATraceFile } from '../open/not-a-trace-file.ts';
import { compareTimes, earlier, later } from '../unix-span.ts';
import { identityOf, leaveOutCopies, type SegmentCopy } from './leave-out-copies.ts';
import type { Segment, Telling } from './op-log-segment.ts';
import { type KnownUntold, readUntoldLosses } from './read-untold-losses.ts';
import { readSegmentName } from './segment-number.ts';
import type { SegmentSpan } from './survey-runs.ts';

/** A file that could not be read, with what its name says. */
export interface SkippedSegment extends SegmentSpan {
  readonly reason: string;
}

/** A folder of trace files that were recorded one after the other, or a single one. */
export interface OpLog {
  readonly name: string;
  /** The segments in the order of their time. */
  readonly segments: readonly Segment[];
  /** Files that could not be read, with the reason. */
  readonly skipped: readonly SkippedSegment[];
  /** Files that hold what another one holds, and are not used. */
  readonly copies: readonly SegmentCopy[];
  /** The losses that runs of capture could tell in no block of theirs. */
  readonly untold: readonly KnownUntold[];
  /** What is wrong with files that are traces, and no segments: of those a capture that was killed leaves unfinished ones. */
  readonly warnings: readonly string[];
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
/**
 * Names of segments as capture gives them. Other traces in the same folder, such as an earlier export, are left alone.
 */
const SEGMENT = /^oplog-.*\.trace\.zst$/;

/**
 * Opens every segment of an op log far enough to know its times. Throws `usage` for a folder that is none, `io` where
 * there is nothing, `not_a_trace` for a file that is something else.
 */
export async function openOpLog(path: string, options: OpLogOptions = {}): Promise<OpLog> {
  const { names, isFolder } = await segmentPaths(path);
  const segments: Segment[] = [];
  const skipped: SkippedSegment[] = [];
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
  const { used, copies } = leaveOutCopies(segments);
  const inOrder = [...used].sort((a, b) => compareTimes(a.startUnixNs, b.startUnixNs));
  try {
    const untold = isFolder ? await readUntoldLosses(path, options.skipDamaged) : [];
    const warnings = inOrder.flatMap(({ name, file }) => (SEGMENT.test(name) ? [] : (file?.warnings ?? [])));
    return { name: path, segments: inOrder, skipped, copies, untold, warnings, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function segmentPaths(path: string): Promise<{ names: string[]; isFolder: boolean }> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file or folder' : cause.message;
    throw new EngramTraceError('io', reason, { where: path, cause });
  });
  if (!found.isDirectory()) return { names: [path], isFolder: false };
  const entries = (await readdir(path)).sort();
  const traces = entries.filter((name) => TRACE.test(name));
  const segments = traces.filter((name) => SEGMENT.test(name));
  const names = segments.length > 0 ? segments : traces;
  // A run that could write nothing at all has left no more than the file that says so.
  if (names.length > 0 || entries.some(isUntoldLossesName))
    return { names: names.map((name) => join(path, name)), isFolder: true };
  throw new EngramTraceError('usage', 'the folder is no op log: it holds no .trace.zst file', {
    where: path,
    hint: 'name the folder that was given to capture with --oplog',
  });
}

function skip(
  thrown: unknown,
  path: string,
  options: OpLogOptions & { isFolder: boolean },
  skipped: SkippedSegment[],
): undefined {
  const error = EngramTraceError.from(thrown, 'io');
  // Capture opens a segment before it has anything to write: an empty file is no damage.
  if (error.code === 'empty' || (options.skipDamaged && (options.isFolder || isDamage(error)))) {
    skipped.push(unreadable(basename(path), error.message));
    return;
  }
  throw new EngramTraceError(error.code, error.message, {
    where: error.where ?? path,
    hint: hintFor(error, options.isFolder),
    cause: thrown,
  });
}

function unreadable(name: string, reason: string): SkippedSegment {
  const { runId = '', number, openedUnixNs = 0n } = readSegmentName(name);
  const span = { startUnixNs: openedUnixNs, endUnixNs: openedUnixNs };
  return { name, runId, number, reason, ...span, isClosed: false, isReadable: false };
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
  const file = await openTraceFile(path).catch(async (thrown: unknown) => {
    throw await notATraceFile(thrown, path);
  });
  const { epochUnixNs, openedNs, runId } = file.header;
  const { totals, closedNs } = file.index;
  const at = (ns: number) => epochUnixNs + BigInt(ns);
  const hasRecords = totals.records > 0;
  const [firstNs, lastNs] = [totals.firstStartNs, totals.lastStartNs];
  // What capture wrote into a segment may have begun long before that was opened.
  const isCaptured = file.header.source === 'capture';
  const name = basename(path);
  const named = readSegmentName(name);
  return {
    name,
    runId,
    number: runId !== '' && named.runId === runId ? named.number : undefined,
    isClosed: file.isClosed,
    isReadable: true,
    header: file.header,
    startUnixNs: at(isCaptured || !hasRecords ? openedNs : Math.min(openedNs, firstNs)),
    endUnixNs: at(hasRecords ? Math.max(closedNs, lastNs + 1) : Math.max(openedNs, closedNs)),
    recorded: hasRecords ? { startUnixNs: at(firstNs), endUnixNs: at(lastNs + 1) } : undefined,
    tellings: hasLoss(totals.loss) ? tellingsOf(file.index.blocks, at) : [],
    records: totals.records,
    identity: identityOf(file.header, file.index.blocks),
    file,
  };
}

function tellingsOf(blocks: readonly BlockEntry[], at: (ns: number) => bigint): Telling[] {
  const tellings: Telling[] = [];
  let sinceUnixNs: bigint | undefined;
  for (const entry of [...blocks].sort((a, b) => a.offset - b.offset)) {
    if (hasLoss(entry.loss)) tellings.push({ entry, sinceUnixNs });
    sinceUnixNs = later(sinceUnixNs ?? at(entry.lastStartNs), at(entry.lastStartNs));
  }
  return tellings;
}

/** Closes a segment that is not needed, so that a long log does not keep a file open for each. */
async function dropUnneeded(segment: Segment, { from, to }: OpLogOptions): Promise<Segment> {
  const startUnixNs = earlier(segment.startUnixNs, segment.recorded?.startUnixNs ?? segment.startUnixNs);
  const outside =
    (from !== undefined && segment.endUnixNs <= from) || (to !== undefined && startUnixNs >= to);
  if (!outside) return segment;
  await segment.file?.close();
  return { ...segment, file: undefined };
}

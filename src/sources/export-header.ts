import { addLoss, emptyHeader, emptyLoss, type Gap, type Loss, type TraceHeader } from '../trace/record.ts';
import { findGaps } from './coverage.ts';
import type { OpLog, Segment } from './op-log.ts';
import { earlier, later, type UnixSpan } from './unix-span.ts';

/** What the header of an exported window says: it speaks for all segments that reach into the window. */
export function exportHeader(
  log: OpLog,
  window: UnixSpan,
  tool: string,
  notes: readonly string[],
  losses: readonly Loss[],
): TraceHeader {
  const used = log.segments.filter((segment) => overlap(segment, window) !== undefined);
  const headers = used.map((segment) => segment.header);
  const epochUnixNs = (used[0] ?? log.segments[0])?.header.epochUnixNs ?? window.startUnixNs;
  const toNs = (unixNs: bigint) => Number(unixNs - epochUnixNs);
  const windowNs = { startNs: toNs(window.startUnixNs), endNs: toNs(window.endUnixNs) };
  const loss = emptyLoss();
  for (const more of [...headers.map((header) => header.loss), ...losses]) addLoss(loss, more);
  const runs = unique(headers.map((header) => header.runId));
  return {
    ...emptyHeader(),
    epochUnixNs,
    resolutionNs: Math.max(1, ...headers.map((header) => header.resolutionNs)),
    tool,
    source: 'export',
    origins: unique(headers.flatMap((header) => header.origins)),
    redacted: unique(headers.flatMap((header) => header.redacted)),
    dialect: common(headers.map((header) => header.dialect)) ?? 'generic',
    window: windowNs,
    gaps: gapsOf(log, used, window, toNs),
    notes: unique([
      ...headers.flatMap((header) => header.notes),
      ...dialectNote(headers),
      ...openNotes(used),
      ...notes,
    ]),
    loss,
    runId: runs.length === 1 ? (runs[0] ?? '') : '',
    openedNs: windowNs.startNs,
  };
}

/** Between the segments, and those that a segment tells of itself. */
function gapsOf(
  log: OpLog,
  used: readonly Segment[],
  window: UnixSpan,
  toNs: (unixNs: bigint) => number,
): Gap[] {
  const between = findGaps(log.segments, window);
  const told = used.flatMap(({ header }) =>
    header.gaps.flatMap((gap) => {
      const startUnixNs = header.epochUnixNs + BigInt(gap.startNs);
      const endUnixNs = header.epochUnixNs + BigInt(gap.endNs);
      const inside = overlap({ startUnixNs, endUnixNs }, window);
      return inside === undefined ? [] : [{ ...inside, reason: gap.reason }];
    }),
  );
  return [...between, ...told]
    .map((gap) => ({ startNs: toNs(gap.startUnixNs), endNs: toNs(gap.endUnixNs), reason: gap.reason }))
    .sort((a, b) => a.startNs - b.startNs);
}

function overlap(span: UnixSpan, window: UnixSpan): UnixSpan | undefined {
  const startUnixNs = later(span.startUnixNs, window.startUnixNs);
  const endUnixNs = earlier(span.endUnixNs, window.endUnixNs);
  return startUnixNs < endUnixNs ? { startUnixNs, endUnixNs } : undefined;
}

function dialectNote(headers: readonly TraceHeader[]): string[] {
  const dialects = unique(headers.map((header) => header.dialect));
  return dialects.length > 1 ? [`operations were named by several dialects: ${dialects.join(', ')}`] : [];
}

/** A segment without an index was not closed: what capture had not written yet is not in it. */
function openNotes(used: readonly Segment[]): string[] {
  return used
    .filter(({ file }) => file?.indexSource === 'scan')
    .map(({ name, file }) => {
      const cut = file?.cutBytes ? `; its last ${file.cutBytes} bytes are not whole` : '';
      return `segment ${name} was not closed (capture was killed or still running)${cut}`;
    });
}

function common(values: readonly string[]): string | undefined {
  return unique(values).length === 1 ? values[0] : undefined;
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

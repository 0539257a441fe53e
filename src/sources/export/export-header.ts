import {
  addLoss,
  emptyHeader,
  emptyLoss,
  type Gap,
  type Loss,
  type TraceHeader,
} from '../../trace/record/record.ts';
import { mergeHeaders } from '../merge-headers.ts';
import { findGaps } from '../op-log/coverage.ts';
import type { Segment } from '../op-log/op-log-segment.ts';
import type { Survey } from '../op-log/survey-runs.ts';
import type { TraceEpoch } from '../trace-epoch.ts';
import { earlier, later, type UnixSpan } from '../unix-span.ts';

/** What an export knows when it writes its header. */
export interface HeaderFacts {
  /** Program and version. */
  readonly tool: string;
  readonly frame: TraceEpoch;
  /** The segments that reach into the window. */
  readonly segments: readonly Segment[];
  readonly survey: Survey;
  readonly losses: readonly Loss[];
  readonly notes: readonly string[];
}

/** What the header of an exported window says: it speaks for all segments that reach into the window. */
export function exportHeader({ tool, frame, segments, survey, losses, notes }: HeaderFacts): TraceHeader {
  const facts = mergeHeaders(segments.map(({ header }) => header));
  const { epochUnixNs } = frame;
  const toNs = (unixNs: bigint) => Number(unixNs - epochUnixNs);
  const windowNs = { startNs: toNs(frame.window.startUnixNs), endNs: toNs(frame.window.endUnixNs) };
  const loss = emptyLoss();
  for (const more of losses) addLoss(loss, more);
  return {
    ...emptyHeader(),
    ...facts,
    epochUnixNs,
    tool,
    source: 'export',
    window: windowNs,
    gaps: gapsOf(survey, segments, frame.window, toNs),
    notes: [...new Set([...facts.notes, ...cutNotes(segments), ...notes])],
    loss,
    openedNs: windowNs.startNs,
  };
}

/** Whether a segment was recorded into in the window, or holds records of it. */
export function reachesInto({ startUnixNs, endUnixNs, recorded }: Segment, window: UnixSpan): boolean {
  const span = { startUnixNs: earlier(startUnixNs, recorded?.startUnixNs ?? startUnixNs), endUnixNs };
  return overlap(span, window) !== undefined;
}

/** The gaps between segments, and those that a segment tells of itself. */
function gapsOf(
  survey: Survey,
  used: readonly Segment[],
  window: UnixSpan,
  toNs: (unixNs: bigint) => number,
): Gap[] {
  const between = findGaps(survey, window);
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

function cutNotes(used: readonly Segment[]): string[] {
  return used.flatMap(({ name, file }) =>
    file?.cutBytes ? [`segment ${name}: its last ${file.cutBytes} bytes are not whole`] : [],
  );
}

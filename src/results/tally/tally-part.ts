import type { Disposition } from '../../replay/ports.ts';
import type { ErrorGroupPart } from '../answers/error-groups.ts';
import type { DriftPart } from './drift.ts';
import type { EndlessCountsPart } from './endless-metrics.ts';
import type { FirstAnswer } from './first-in-space.ts';
import type { HeaderCountsPart } from './header-counts.ts';
import type { LatenessAttributionPart } from './lateness-attribution.ts';
import type { LatenessCausesPart } from './lateness-causes.ts';
import type { LeftOutPart } from './left-out-count.ts';
import type { OpTablePart } from './op-metrics.ts';
import type { OpWindowsPart } from './op-windows.ts';
import type { StreamCounts } from './stream-metrics.ts';
import type { TargetTablePart } from './target-metrics.ts';
import type { WindowsPart } from './windows.ts';

/** What a tally counted since it was drained last: plain data, to be posted and added to another tally. */
export interface TallyPart {
  anchorNs: number | undefined;
  firstDueNs: number;
  lastDoneNs: number;
  /** In flight when it was drained. */
  inFlight: number;
  counts: Record<CountName, number> | undefined;
  dispositions: Record<Disposition, number> | undefined;
  streams: StreamCounts | undefined;
  endless: EndlessCountsPart | undefined;
  inversions: number;
  ops: OpTablePart | undefined;
  /** Undefined also where there is one target. */
  targets: TargetTablePart | undefined;
  headers: HeaderCountsPart | undefined;
  windows: WindowsPart | undefined;
  opWindows: OpWindowsPart;
  errors: ErrorGroupPart[] | undefined;
  drift: DriftPart | undefined;
  firstInSpace: FirstAnswer[] | undefined;
  causes: LatenessCausesPart | undefined;
  attribution: LatenessAttributionPart | undefined;
  redacted: LeftOutPart | undefined;
  unsendable: LeftOutPart | undefined;
}

/** The single numbers of a tally that are sums. */
export const COUNT_NAMES = [
  'statusMismatches',
  'recordedStatusUnknown',
  'keepaliveClosed',
  'started',
  'answered',
  'cacheHits',
  'cacheMisses',
  'responseBytes',
] as const;

export type CountName = (typeof COUNT_NAMES)[number];

/** All there are. */
export const ALL_DISPOSITIONS: readonly Disposition[] = [
  'ok',
  'error',
  'cut_off',
  'shed',
  'gate_timeout',
  'unsent',
];

import type { TraceRecord } from '../../trace/record/record.ts';
import type { PlanDigest } from '../plan/plan-digest.ts';
import type { OpenSource, PlanReader, PlanSink } from '../plan/plan-reader.ts';
import type { PlanWatch } from '../plan/plan-watch.ts';
import type { Clock, ReplayObserver, Transport } from '../ports.ts';
import type { InFlight } from '../release/in-flight.ts';

/** What a replay works with. */
export interface ReplayDeps {
  clock: Clock;
  /** Who sends this record; undefined: nobody, it is counted in `excluded.no_target`. Asked twice per record. */
  transportFor(record: TraceRecord): Transport | undefined;
  /**
   * Whether somebody sends this record, where that is known without its transport: a reading ahead of the plan asks
   * before the transport is made. By what `transportFor` says where undefined.
   */
  hasTarget?: ((record: TraceRecord) => boolean) | undefined;
  observer: ReplayObserver;
  /** Fed with the operations of the first pass. */
  digest?: PlanDigest | undefined;
  /** See `PlanReaderDeps`. */
  openStarts?: OpenSource | undefined;
  watch?: PlanWatch | undefined;
  /** See `PlanReaderDeps`. */
  onLeftOut?: ((record: TraceRecord) => void) | undefined;
  /** Brings the plan in place of a reader of the source: one engine of several plays its share of a common plan. */
  readPlan?: ((sink: PlanSink) => PlanReader) | undefined;
  /** Number in its trace file of the record that was read as that one; the same where undefined. */
  recordNumber?: ((readNumber: number) => number) | undefined;
  /** Where what is with the transports is kept, for who wants to look at it. */
  inFlight?: InFlight | undefined;
  /** The anchor on `clock`, where several engines share one. */
  anchorNs?: number | undefined;
  /** Called once, when enough of the plan is read and before the first due time is set: the moment to tidy up. */
  onHeadStart?: (() => void) | undefined;
}

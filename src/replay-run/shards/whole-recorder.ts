import type { ArrivalBatch } from '../../results/arrivals/arrival-collector.ts';
import { ArrivalMerge } from '../../results/arrivals/arrival-merge.ts';
import { type RecorderOptions, ResultsRecorder } from '../../results/tally/results-recorder.ts';
import type { TallyPart } from '../../results/tally/tally-part.ts';
import type { LostObserver } from './lost-operations.ts';

/** Adds up what shards count. */
export interface WholeRecorder extends LostObserver {
  /** What the document is made from. */
  readonly results: ResultsRecorder;
  /** The anchor, in ns on the clock of the replay. */
  onStart(anchorNs: number): void;
  add(shard: number, tally: TallyPart, arrivals: ArrivalBatch): void;
  /** That shard tells nothing more; `dueNs` are due times that it had not come to tell. */
  end(shard: number, dueNs: Float64Array): void;
}

/** Adds up what so many shards count. */
export function createWholeRecorder(options: RecorderOptions, shards: number): WholeRecorder {
  const merge = new ArrivalMerge(shards, options.sortsDues);
  const results = new ResultsRecorder(options, merge);
  return {
    results,
    onStart: (anchorNs) => results.onStart(anchorNs),
    add: (shard, tally, arrivals) => {
      results.add(tally, shard);
      merge.add(arrivals, shard);
    },
    end: (shard, dueNs) => merge.end(shard, dueNs),
    onLost: (operation, disposition) => results.onSettled(operation, disposition, 0),
  };
}

import { copyNumber } from '../../replay/plan/copy-sessions.ts';
import type { Selection } from '../../replay/plan/selection.ts';
import type { ResultsRecorder } from '../../results/results-recorder.ts';
import type { TraceRecord } from '../../trace/record/record.ts';

/**
 * Passes batches on and tells the recorder which records the engine will leave out, by the rule the engine uses:
 * the statistics of the plan have to know which numbers never come.
 */
export async function* tellExcluded(
  batches: AsyncIterable<TraceRecord[]>,
  selection: Selection,
  firstNumber: number,
  recorder: Pick<ResultsRecorder, 'onExcluded'>,
  copies = 1,
  onLeftOut: (record: TraceRecord) => void = () => {},
): AsyncGenerator<TraceRecord[]> {
  let number = firstNumber;
  for await (const batch of batches) {
    for (const record of batch) {
      if (!selection.takes(record)) {
        onLeftOut(record);
        for (let copy = 0; copy < copies; copy++) recorder.onExcluded(copyNumber(number, copy, copies));
      }
      number++;
    }
    yield batch;
  }
}

import { EngramTraceError } from '../../error.ts';
import type { PlanDigest } from './plan-digest.ts';
import type { OpenSource, PlanReader, PlanSink } from './plan-reader.ts';

/** What the first operations of clients are read with. */
export interface FirstOperations {
  /** Brings the first operation of each client, in the order of their starts; each is due at its start. */
  readonly openSource: OpenSource;
  readonly digest: PlanDigest | undefined;
  /** A client that would begin at or after it never does. */
  readonly durationNs: number;
}

/** Plans the first operation of each client, under the client's number: its place in the source. */
export async function planFirstOperations(
  { openSource, digest, durationNs }: FirstOperations,
  sink: PlanSink,
): Promise<void> {
  let client = 0;
  for await (const batch of openSource()) {
    for (const record of batch) {
      digest?.add(record);
      const number = client++;
      const dueNs = record.startNs;
      if (dueNs >= durationNs) continue;
      const times = { dueNs, offsetNs: dueNs, timelineNs: dueNs };
      const wait = sink.operation(record, number, times, number, undefined);
      if (wait !== undefined) await wait;
    }
    sink.batchEnd();
  }
}

/** The reader of a plan that `play` plays; it resolves with whether that was all of it. */
export function createClientsReader(play: () => Promise<boolean>): PlanReader {
  const reader = {
    passes: 0,
    done: false,
    complete: false,
    error: undefined as EngramTraceError | undefined,
    run: async () => {
      reader.passes = 1;
      try {
        reader.complete = await play();
      } catch (thrown) {
        reader.error = EngramTraceError.from(thrown, 'io');
      }
      reader.done = true;
    },
  };
  return reader;
}

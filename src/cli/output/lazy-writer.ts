import { addLoss, emptyLoss, type Loss } from '../../trace/record/record.ts';
import type { TraceWriter } from '../../trace/trace.ts';

/** A writer that is made when the first records come, or at its end: until then nothing is written, no header either. */
export function lazyWriter(make: () => Promise<TraceWriter>): TraceWriter {
  let writer: TraceWriter | undefined;
  let loss = emptyLoss();
  const made = async (): Promise<TraceWriter> => {
    writer ??= await make();
    writer.addLoss(loss);
    loss = emptyLoss();
    return writer;
  };
  return {
    get leftOut() {
      return writer?.leftOut ?? new Map<string, number>();
    },
    write: async (batch) => (writer ?? (await made())).write(batch),
    addLoss: (more: Loss) => void (writer === undefined ? addLoss(loss, more) : writer.addLoss(more)),
    flush: async () => writer?.flush(),
    finish: async () => (writer ?? (await made())).finish(),
  };
}

import type { Rejection } from '../rejection.ts';
import type { ServerContext } from '../server-context.ts';

/** The sending half of one call. */
export interface ReplySink {
  /** False: wait for `whenWritable` before the next. */
  write(bytes: Uint8Array): boolean;
  whenWritable(resume: () => void): void;
  end(): void;
  fail(rejection: Rejection): void;
}

/** One step of an answer: a message, the end, or a failure (which is also the end). */
export type ReplyStep = { bytes: Uint8Array } | { rejection: Rejection } | 'end';

/** Sends the replies of one stream in order, each when latency and stalls let it. */
export interface ReplyQueue {
  readonly waiting: number;
  /** `sent` is called once the step was taken and the sink is ready for more. */
  push(step: ReplyStep, sent?: () => void, notBeforeNs?: number): void;
  /** Drops what is not sent: the client is gone. */
  close(): void;
}

export function createReplyQueue(context: ServerContext, operation: number, sink: ReplySink): ReplyQueue {
  let steps: { step: ReplyStep; dueNs: number; sent: (() => void) | undefined }[] = [];
  let busy = false;
  let closed = false;
  let part = 0;
  const next = () => {
    const first = steps[0];
    busy = first !== undefined && !closed;
    if (first && !closed) context.timer.at(first.dueNs, take);
  };
  const take = () => {
    const taken = steps.shift();
    if (!taken || closed) return;
    const { step, sent } = taken;
    const goOn = () => {
      sent?.();
      next();
    };
    if (step === 'end' || 'rejection' in step) {
      closed = true;
      if (step === 'end') sink.end();
      else sink.fail(step.rejection);
    } else if (sink.write(step.bytes)) goOn();
    else sink.whenWritable(goOn);
  };
  return {
    get waiting() {
      return steps.length;
    },
    push(step, sent, notBeforeNs = 0) {
      if (closed) return;
      const dueNs = context.faults.dueNs(operation, part++, Math.max(notBeforeNs, context.nowNs()));
      steps.push({ step, dueNs, sent });
      if (!busy) next();
    },
    close() {
      closed = true;
      steps = [];
    },
  };
}

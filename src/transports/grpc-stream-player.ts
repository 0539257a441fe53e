import type { Clock } from '../replay/ports.ts';
import type { TraceRecord } from '../trace/record.ts';
import { plainMessage } from './grpc-message.ts';

/** One thing the recorded client did, ns after the call began. */
export interface StreamStep {
  atNs: number;
  kind: 'message' | 'half_close' | 'cancel';
  /** Set for a message. */
  data: Buffer | undefined;
}

/** Where the steps go. */
export interface StreamSink {
  write(data: Buffer): void;
  halfClose(): void;
  cancel(): void;
}

/** A recorded message as a client writes it; throws for one that it can't write. */
export type WriteForm = (data: Uint8Array, compressed: boolean, record: TraceRecord) => Buffer;

/** What the client does in a recorded stream, in order. */
export function streamSteps(
  record: TraceRecord,
  timeScale: number,
  writeForm: WriteForm = plainMessage,
): StreamStep[] {
  const { stream } = record;
  if (stream === undefined) return [];
  const steps: StreamStep[] = [];
  for (const { fromServer, offsetNs, data, compressed } of stream.messages) {
    if (fromServer) continue;
    steps.push({ atNs: offsetNs / timeScale, kind: 'message', data: writeForm(data, compressed, record) });
  }
  if (stream.halfCloseNs !== undefined) {
    steps.push({ atNs: stream.halfCloseNs / timeScale, kind: 'half_close', data: undefined });
  }
  const cancelNs = cancelOffsetNs(record);
  if (cancelNs !== undefined) steps.push({ atNs: cancelNs / timeScale, kind: 'cancel', data: undefined });
  // Stable: what was recorded in the same nanosecond stays in order.
  return steps.sort((a, b) => a.atNs - b.atNs);
}

/** A call that just stopped (its connection broke) would stay open for good if nobody hung up. */
function cancelOffsetNs({ stream, outcome, durationNs }: TraceRecord): number | undefined {
  if (stream?.cancelNs !== undefined) return stream.cancelNs;
  const isOpenEnded = stream?.halfCloseNs === undefined && outcome.status === undefined;
  return isOpenEnded ? durationNs : undefined;
}

/** Plays the steps at their times from now on. Returns a function that stops it. */
export function playStream(steps: readonly StreamStep[], sink: StreamSink, clock: Clock): () => void {
  const startNs = clock.nowNs();
  let at = 0;
  let isStopped = false;
  let stopWaiting: (() => void) | undefined;
  const play = (): void => {
    for (let step = steps[at]; step !== undefined && !isStopped; step = steps[at]) {
      if (startNs + step.atNs > clock.nowNs()) {
        stopWaiting = clock.at(startNs + step.atNs, play);
        return;
      }
      at += 1;
      if (step.data !== undefined) sink.write(step.data);
      else if (step.kind === 'half_close') sink.halfClose();
      else sink.cancel();
    }
  };
  play();
  return () => {
    isStopped = true;
    stopWaiting?.();
  };
}

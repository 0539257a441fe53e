import type { Clock } from '../../replay/ports.ts';
import { scaledOffset } from '../../replay/stream-offsets.ts';
import { hangUpNs } from '../../trace/record/cancelled.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import { plainMessage } from './grpc-message.ts';

/** One thing the recorded client did, ns after the call began. */
export interface StreamStep {
  atNs: number;
  kind: 'message' | 'half_close' | 'cancel';
  /** Set for a message. */
  data: Buffer | undefined;
}

/** Sends what the steps of a stream say. */
export interface StreamWriter {
  write(data: Buffer): void;
  halfClose(): void;
  cancel(): void;
}

/** A recorded message as a client writes it; throws for one that it can't write. */
export type WriteForm = (data: Uint8Array, compressed: boolean, record: TraceRecord) => Buffer;

/** Lists what the client did in a recorded stream, in order. */
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
    steps.push({
      atNs: scaledOffset(offsetNs, timeScale),
      kind: 'message',
      data: writeForm(data, compressed, record),
    });
  }
  if (stream.halfCloseNs !== undefined) {
    steps.push({ atNs: scaledOffset(stream.halfCloseNs, timeScale), kind: 'half_close', data: undefined });
  }
  const cancelNs = hangUpNs(record);
  if (cancelNs !== undefined)
    steps.push({ atNs: scaledOffset(cancelNs, timeScale), kind: 'cancel', data: undefined });
  // Stable: what was recorded in the same nanosecond stays in order.
  return steps.sort((a, b) => a.atNs - b.atNs);
}

/**
 * Plays the steps of one stream. `open` does at once what the recording did with the first byte, so that all of it may
 * leave together; from `started` on, when that byte left, the recorded times count.
 */
export class StreamPlayer {
  readonly #steps: readonly StreamStep[];
  readonly #sink: StreamWriter;
  readonly #clock: Clock;
  #next = 0;
  #startNs: number | undefined;
  #isStopped = false;
  #stopWaiting: (() => void) | undefined;

  constructor(steps: readonly StreamStep[], sink: StreamWriter, clock: Clock) {
    this.#steps = steps;
    this.#sink = sink;
    this.#clock = clock;
  }

  open(): void {
    for (let step = this.#step; step !== undefined && step.atNs <= 0; step = this.#step) this.#do(step);
  }

  /** Told again, it does nothing. */
  started(): void {
    if (this.#startNs !== undefined) return;
    this.#startNs = this.#clock.nowNs();
    this.#play();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopWaiting?.();
  }

  get #step(): StreamStep | undefined {
    return this.#isStopped ? undefined : this.#steps[this.#next];
  }

  readonly #play = (): void => {
    const startNs = this.#startNs ?? Infinity;
    for (let step = this.#step; step !== undefined; step = this.#step) {
      const atNs = startNs + step.atNs;
      if (atNs > this.#clock.nowNs()) {
        this.#stopWaiting = this.#clock.at(atNs, this.#play);
        return;
      }
      this.#do(step);
    }
  };

  #do({ kind, data }: StreamStep): void {
    // Before the sink hears of it: what it sets off may bring us back here.
    this.#next += 1;
    if (data !== undefined) this.#sink.write(data);
    else if (kind === 'half_close') this.#sink.halfClose();
    else this.#sink.cancel();
  }
}

import { EngramTraceError } from '../../error.ts';
import type { TraceRecord } from '../../trace/record/record.ts';
import type { Disposition, Operation, ReplayObserver } from '../ports.ts';
import type { PlanDigest } from './plan-digest.ts';
import type { OpenSource, PlanReader, PlanSink } from './plan-reader.ts';

/** What a client does next, and how long it pauses before it. */
export interface ClientStep {
  readonly record: TraceRecord;
  readonly pauseNs: number;
}

/** What clients do whose next operation follows on an answer. */
export interface ClientScript {
  /** Nothing is due at or after it; `Infinity` where only the script ends the clients. */
  readonly durationNs: number;
  /** What client number `client` does after this answer; undefined: it is done. The operation is only valid during the call. */
  next(client: number, answered: Operation): ClientStep | undefined;
}

export interface ClientLoopDeps {
  /** Brings the first operation of each client, in the order of their starts; each is due at its start. */
  openSource: OpenSource;
  digest: PlanDigest | undefined;
}

/** One client: its number, and when the operation that it waits for was due, in ns after the anchor. */
interface Client {
  readonly number: number;
  dueNs: number;
}

/**
 * The plan of a closed loop: each client sends, waits for its answer, pauses, and sends again. It is told of ends as an
 * observer and adds what follows on them to the plan, so that a client never has more than one operation under way, and
 * pauses from the very moment its answer was there.
 */
export class ClientLoop implements ReplayObserver {
  readonly #script: ClientScript;
  readonly #clients = new Map<string, Client>();
  #sink: PlanSink | undefined;
  #number = 0;
  #active = 0;
  #allDone: () => void = () => {};

  constructor(script: ClientScript) {
    this.#script = script;
  }

  /** The reader of the plan, for an engine in the place of one that reads a trace. */
  reader(sink: PlanSink, deps: ClientLoopDeps): PlanReader {
    this.#sink = sink;
    const reader = {
      passes: 0,
      done: false,
      complete: false,
      error: undefined as EngramTraceError | undefined,
      run: async () => {
        reader.passes = 1;
        try {
          await this.#play(sink, deps);
          reader.complete = !sink.stopped;
        } catch (thrown) {
          reader.error = EngramTraceError.from(thrown, 'io');
        }
        reader.done = true;
      },
    };
    return reader;
  }

  onSent(): void {}

  onSettled(operation: Operation, _disposition: Disposition): void {
    const client = this.#clients.get(operation.record.session);
    if (client === undefined) return;
    if (!this.#goesOn(client, operation)) this.#over();
  }

  async #play(sink: PlanSink, { openSource, digest }: ClientLoopDeps): Promise<void> {
    const allDone = new Promise<void>((resolve) => {
      this.#allDone = resolve;
    });
    for await (const batch of openSource()) for (const record of batch) this.#begin(sink, record, digest);
    sink.batchEnd();
    if (this.#active > 0) await allDone;
  }

  #begin(sink: PlanSink, record: TraceRecord, digest: PlanDigest | undefined): void {
    digest?.add(record);
    if (record.startNs >= this.#script.durationNs) return;
    const client = { number: this.#clients.size, dueNs: record.startNs };
    this.#clients.set(record.session, client);
    this.#active += 1;
    this.#plan(sink, client, record);
  }

  #goesOn(client: Client, operation: Operation): boolean {
    const sink = this.#sink as PlanSink;
    if (sink.stopped || sink.closed) return false;
    const step = this.#script.next(client.number, operation);
    if (step === undefined) return false;
    const anchorNs = operation.dueNs - client.dueNs;
    client.dueNs = (operation.doneNs ?? operation.dueNs) - anchorNs + step.pauseNs;
    if (client.dueNs >= this.#script.durationNs) return false;
    this.#plan(sink, client, step.record);
    return true;
  }

  #plan(sink: PlanSink, { dueNs }: Client, record: TraceRecord): void {
    record.startNs = dueNs;
    const number = this.#number++;
    void sink.operation(record, number, { dueNs, offsetNs: dueNs, timelineNs: dueNs }, number, undefined);
  }

  #over(): void {
    this.#active -= 1;
    if (this.#active === 0) this.#allDone();
  }
}

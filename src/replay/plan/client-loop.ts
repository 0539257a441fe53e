import type { TraceRecord } from '../../trace/record/record.ts';
import type { Disposition, Operation, ReplayObserver } from '../ports.ts';
import { createClientsReader } from './first-operations.ts';
import type { PlanReader, PlanSink } from './plan-reader.ts';

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

/** One client: its number, and when the operation that it waits for was due, in ns after the anchor. */
interface Client {
  readonly number: number;
  dueNs: number;
}

/** Which of so many loops this is that play one plan together. */
export interface LoopPart {
  readonly index: number;
  readonly of: number;
}

const WHOLE: LoopPart = { index: 0, of: 1 };

/**
 * The plan of a closed loop: each client sends, waits for its answer, pauses, and sends again. It is told of ends as an
 * observer and adds what follows on them to the plan, so that a client never has more than one operation under way, and
 * pauses from the very moment its answer was there.
 */
export class ClientLoop implements ReplayObserver {
  readonly #script: ClientScript;
  readonly #part: LoopPart;
  readonly #clients = new Map<string, Client>();
  #sink: PlanSink | undefined;
  #planned = 0;
  #active = 0;
  #allDone: () => void = () => {};

  /** The numbers of operations are those of no other loop of the same plan. */
  constructor(script: ClientScript, part: LoopPart = WHOLE) {
    this.#script = script;
    this.#part = part;
  }

  /** As its script has it. */
  get durationNs(): number {
    return this.#script.durationNs;
  }

  /**
   * The reader of the plan, for an engine in the place of one that reads a trace. `play` brings the first operation of
   * each client, whose number is the client's; it resolves when there are no more.
   */
  reader(sink: PlanSink, play: (first: PlanSink) => Promise<unknown>): PlanReader {
    this.#sink = sink;
    return createClientsReader(async () => {
      const allDone = new Promise<void>((resolve) => {
        this.#allDone = resolve;
      });
      await play(this.#firstSink(sink));
      if (this.#active > 0) await allDone;
      return !sink.stopped;
    });
  }

  onSent(): void {}

  onSettled(operation: Operation, _disposition: Disposition): void {
    const client = this.#clients.get(operation.record.session);
    if (client === undefined) return;
    if (!this.#goesOn(client, operation)) this.#over();
  }

  #firstSink(sink: PlanSink): PlanSink {
    return {
      operation: (record, number, { dueNs }) => {
        const client = { number, dueNs };
        this.#clients.set(record.session, client);
        this.#active += 1;
        this.#plan(sink, client, record);
        return undefined;
      },
      batchEnd: () => sink.batchEnd(),
      breath: () => sink.breath?.(),
      get stopped() {
        return sink.stopped;
      },
      get closed() {
        return sink.closed;
      },
    };
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
    const { index, of } = this.#part;
    const number = index + of * this.#planned++;
    void sink.operation(record, number, { dueNs, offsetNs: dueNs, timelineNs: dueNs }, number, undefined);
  }

  #over(): void {
    this.#active -= 1;
    if (this.#active === 0) this.#allDone();
  }
}

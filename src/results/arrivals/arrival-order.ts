import type { Disposition, Operation } from '../../replay/ports.ts';
import { DueSorter } from './due-sorter.ts';
import { PlanOrder } from './plan-order.ts';

/** Takes the times of arrivals, those of each kind in order. */
export interface ArrivalSink {
  /** An operation was sent. */
  sent(sentNs: number): void;
  /** Takes the due time of an operation that was tried; what got no byte out is no arrival on either side. */
  due(dueNs: number): void;
}

/** They don't rise with think time and with copies. */
export type DueOrder = 'rising' | 'sorted_here' | 'unsorted';

/** Puts the operations of one engine into the order in which they were to arrive, and in which they were sent. */
export class ArrivalOrder {
  readonly #sink: ArrivalSink;
  readonly #plan: PlanOrder;
  /** Takes due times that don't rise in the order of the plan. */
  readonly #takeUnsorted: ((dueNs: number) => void) | undefined;
  readonly #sorter: DueSorter | undefined;

  /** `dues`: whether due times rise in the order of the plan, or are to be sorted here, or by who is told of them. */
  constructor(sink: ArrivalSink, dues: DueOrder = 'rising') {
    const take = (dueNs: number): void => sink.due(dueNs);
    this.#sink = sink;
    this.#plan = new PlanOrder(take);
    const sorter = dues === 'sorted_here' ? new DueSorter(take) : undefined;
    this.#sorter = sorter;
    this.#takeUnsorted = dues === 'unsorted' ? take : sorter && ((dueNs) => sorter.add(dueNs));
  }

  /** The first operation of the plan of which it is not known yet whether it will be sent. */
  get next(): number {
    return this.#plan.next;
  }

  /** How many operations have due times that came too late for their place. */
  get missing(): number {
    return this.#plan.missing + (this.#sorter?.misplaced ?? 0);
  }

  onSent(operation: Operation): void {
    if (operation.sentNs === undefined) return;
    this.#sink.sent(operation.sentNs);
    this.#tried(operation);
  }

  onSettled(operation: Operation, disposition: Disposition): void {
    if (operation.sentNs !== undefined) return;
    if (disposition === 'shed' || disposition === 'gate_timeout') this.#tried(operation);
    else this.#plan.leaveOut(operation.sequence);
  }

  /** Passes on the times that are held to be sorted. */
  flush(): void {
    this.#sorter?.flush();
  }

  /**
   * Notes an operation that was tried. Due times rise in the order of the plan, or they are sorted and the order only
   * says how far things are.
   */
  #tried({ sequence, dueNs }: Operation): void {
    if (this.#takeUnsorted === undefined) {
      this.#plan.put(sequence, dueNs);
      return;
    }
    this.#takeUnsorted(dueNs);
    this.#plan.leaveOut(sequence);
  }
}

import type {
  Clock,
  Disposition,
  EndlessTimes,
  Operation,
  ReplayObserver,
  StreamTimes,
} from '../../replay/ports.ts';
import { EVENT_COLUMNS, type EventChunk, writeEvent } from './event-columns.ts';

/** Events in a chunk; 60 KB. */
const CHUNK_EVENTS = 512;
/** Times of messages and events in a chunk, about; 256 KB. */
const CHUNK_MESSAGES = 32_768;
/** A chunk that does not fill up leaves after this long: nobody is told later than that. */
export const TELL_EVERY_NS = 100e6;

/** Observes an engine and tells what happens in chunks, at least one every `TELL_EVERY_NS`: no message per operation. */
export class EventLog implements ReplayObserver {
  readonly #clock: Clock;
  readonly #tell: (chunk: EventChunk) => void;
  #columns = new Float64Array(CHUNK_EVENTS * EVENT_COLUMNS);
  #events = 0;
  readonly #details = new Map<string, number>();
  #streams: StreamTimes[] = [];
  #endless: EndlessTimes[] = [];
  #messages = 0;
  #lastNs = -Infinity;
  #cancel: () => void = () => {};

  constructor(clock: Clock, tell: (chunk: EventChunk) => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#wait();
  }

  onSent(operation: Operation, inFlight: number): void {
    this.#write(operation, undefined, operation.sentNs, inFlight);
  }

  onSettled(operation: Operation, disposition: Disposition, inFlight: number): void {
    this.#write(operation, disposition, operation.doneNs, inFlight);
  }

  /** Tells what is left; nothing may happen afterwards. */
  close(): void {
    this.#cancel();
    this.#flush(Infinity);
  }

  #write(
    operation: Operation,
    disposition: Disposition | undefined,
    atNs: number | undefined,
    inFlight: number,
  ): void {
    // Whoever merges several senders' events relies on the order of each.
    this.#lastNs = Math.max(this.#lastNs, atNs ?? this.#clock.nowNs());
    const detail = this.#detailOf(operation);
    const stream = this.#streamOf(operation);
    const endless = this.#endlessOf(operation);
    const event = { operation, disposition, atNs: this.#lastNs, inFlight, detail, stream, endless };
    writeEvent(this.#columns, this.#events, event);
    this.#events += 1;
    if (this.#events === CHUNK_EVENTS || this.#messages >= CHUNK_MESSAGES) this.#flush(this.#lastNs);
  }

  #detailOf({ outcome }: Operation): number {
    if (outcome === undefined || outcome.detail === '') return -1;
    const known = this.#details.get(outcome.detail);
    if (known !== undefined) return known;
    this.#details.set(outcome.detail, this.#details.size);
    return this.#details.size - 1;
  }

  #streamOf({ outcome }: Operation): number {
    const stream = outcome?.stream;
    if (stream === undefined) return -1;
    this.#messages += stream.sentNs.length + stream.receivedNs.length;
    return this.#streams.push(stream) - 1;
  }

  #endlessOf({ outcome }: Operation): number {
    const endless = outcome?.endless;
    if (endless === undefined) return -1;
    this.#messages += endless.eventNs.length;
    return this.#endless.push(endless) - 1;
  }

  #wait(): void {
    const tell = (): void => {
      this.#flush(this.#clock.nowNs());
      this.#wait();
    };
    this.#cancel = this.#clock.at(this.#clock.nowNs() + TELL_EVERY_NS, tell, true);
  }

  /** Also without events: that there were none up to now is what others wait to hear. */
  #flush(upToNs: number): void {
    const isFull = this.#events === CHUNK_EVENTS;
    const columns = isFull ? this.#columns : this.#columns.slice(0, this.#events * EVENT_COLUMNS);
    if (isFull) this.#columns = new Float64Array(CHUNK_EVENTS * EVENT_COLUMNS);
    const chunk = {
      events: this.#events,
      columns,
      details: [...this.#details.keys()],
      streams: this.#streams,
      endless: this.#endless,
      upToNs,
    };
    this.#events = 0;
    this.#details.clear();
    this.#streams = [];
    this.#endless = [];
    this.#messages = 0;
    this.#tell(chunk);
  }
}

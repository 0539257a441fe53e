import { type EventChunk, EventCursor } from './event-columns.ts';

/** Events of one sender that wait for their turn. */
interface Stream {
  readonly sender: number;
  readonly chunks: EventCursor[];
  upToNs: number;
}

/** Takes an event of `sender`; the cursor moves on after the call. */
export type TakeEvent = (event: EventCursor, sender: number) => void;

/**
 * Puts the events of several senders into one order, that of their times: what measures gaps between sends must see
 * them as the server does. An event waits until every other sender has told what it did up to then.
 */
export class EventMerge {
  readonly #streams: Stream[];
  readonly #take: TakeEvent;

  constructor(senders: number, take: TakeEvent) {
    this.#take = take;
    this.#streams = Array.from({ length: senders }, (_, sender) => ({
      sender,
      chunks: [],
      upToNs: -Infinity,
    }));
  }

  add(sender: number, chunk: EventChunk): void {
    const stream = this.#streams[sender];
    if (stream === undefined) return;
    if (chunk.events > 0) stream.chunks.push(new EventCursor(chunk));
    stream.upToNs = Math.max(stream.upToNs, chunk.upToNs);
    this.#run();
  }

  /** That sender will tell nothing more. */
  end(sender: number): void {
    const stream = this.#streams[sender];
    if (stream !== undefined) stream.upToNs = Infinity;
    this.#run();
  }

  #run(): void {
    const toldNs = Math.min(...this.#streams.map(({ upToNs }) => upToNs));
    for (let stream = this.#earliest(); stream !== undefined; stream = this.#earliest()) {
      const event = stream.chunks[0];
      if (event === undefined || event.atNs > toldNs) return;
      this.#take(event, stream.sender);
      event.advance();
      if (event.isAtEnd) stream.chunks.shift();
    }
  }

  #earliest(): Stream | undefined {
    let earliest: Stream | undefined;
    let earliestNs = Infinity;
    for (const stream of this.#streams) {
      const atNs = stream.chunks[0]?.atNs ?? Infinity;
      if (atNs < earliestNs) {
        earliest = stream;
        earliestNs = atNs;
      }
    }
    return earliest;
  }
}

import type { TraceRecord } from '../record/record.ts';

/** Where a record stands in a block that all threads see: they can read it there instead of being given a copy. */
export interface SharedPlace {
  readonly raw: Uint8Array<SharedArrayBuffer>;
  /** First byte of the Record message. */
  readonly at: number;
  /** First byte behind it. */
  readonly end: number;
}

const NOWHERE = new Uint8Array(new SharedArrayBuffer(0));

const byBatch = new WeakMap<readonly TraceRecord[], SharedPlaces>();

/** The places of the records of a batch; made where there are none. Whoever makes another batch of them loses the places. */
export function placesFor(batch: readonly TraceRecord[]): SharedPlaces {
  let places = byBatch.get(batch);
  if (places === undefined) {
    places = new SharedPlaces();
    byBatch.set(batch, places);
  }
  return places;
}

/** Undefined for a batch whose records stand in no shared block. */
export function placesOf(batch: readonly TraceRecord[]): SharedPlaces | undefined {
  return byBatch.get(batch);
}

/** The places of one batch, of which one is shown at a time: an object a record would be garbage. */
export class SharedPlaces implements SharedPlace {
  raw: Uint8Array<SharedArrayBuffer> = NOWHERE;
  at = 0;
  end = 0;
  readonly #records: TraceRecord[] = [];
  readonly #raws: Uint8Array<SharedArrayBuffer>[] = [];
  readonly #spans: number[] = [];

  /** Adds the place of the next record of the batch. */
  add(record: TraceRecord, raw: Uint8Array<SharedArrayBuffer>, at: number, end: number): void {
    this.#records.push(record);
    this.#raws.push(raw);
    this.#spans.push(at, end);
  }

  /** The place of this record, which is the batch's number `index`; undefined where it is another one now. */
  of(record: TraceRecord, index: number): SharedPlace | undefined {
    if (this.#records[index] !== record) return undefined;
    this.raw = this.#raws[index] as Uint8Array<SharedArrayBuffer>;
    this.at = this.#spans[index * 2] as number;
    this.end = this.#spans[index * 2 + 1] as number;
    return this;
  }
}

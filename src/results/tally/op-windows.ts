import { opKey } from './op-key.ts';
import { type WindowCounts, Windows, type WindowsPart } from './windows.ts';

/** Of more names there are no windows: a document would be as large as a log. */
export const MOST_WINDOWED_OPS = 8;
/** Ten windows of all operations together, and a block of what is compared. */
export const OP_WINDOW_S = 10;
const MOST_WINDOWS = 360;
const MOST_LIVE = 8;

/** What happened since the windows of ops were drained last, by the name of the op; undefined: there are too many. */
export type OpWindowsPart = [op: string, part: WindowsPart][] | undefined;

/** The windows of each op, ten times as wide as those of all; of none where there are more than eight ops. */
export class OpWindows {
  /** Undefined: too many ops were met. */
  #ops: Map<string, Windows> | undefined = new Map();
  /** The op that was met last, and its windows. */
  #lastOp: string | undefined = undefined;
  #last: Windows | undefined = undefined;

  onDone(op: string, dueOffsetNs: number, responseNs: number | undefined, failed: boolean): void {
    if (op !== this.#lastOp || this.#last === undefined) {
      this.#last = this.#of(op);
      this.#lastOp = op;
    }
    this.#last?.onDone(dueOffsetNs, responseNs, failed);
  }

  /** The windows of each op by its key in a document, in the order of these; empty where there are too many ops. */
  entries(): [key: string, windows: WindowCounts[]][] {
    const entries = [...(this.#ops ?? [])].map(([op, windows]): [string, WindowCounts[]] => [
      opKey(op),
      windows.list(),
    ]);
    return entries.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Takes out what happened since the last drain. */
  drain(): OpWindowsPart {
    if (this.#ops === undefined) return undefined;
    const parts: [string, WindowsPart][] = [];
    for (const [op, windows] of this.#ops) {
      const part = windows.drain();
      if (part !== undefined) parts.push([op, part]);
    }
    return parts;
  }

  /** Adds what the windows of a shard drained, which count from the same start. */
  addPart(parts: OpWindowsPart, shard: number): void {
    if (parts === undefined) this.#forget();
    else for (const [op, part] of parts) this.#of(op)?.addPart(part, shard);
  }

  /** There are too many ops. */
  #forget(): void {
    this.#ops = undefined;
    this.#last = undefined;
  }

  #of(op: string): Windows | undefined {
    const known = this.#ops?.get(op);
    if (known !== undefined || this.#ops === undefined) return known;
    if (this.#ops.size === MOST_WINDOWED_OPS) {
      this.#forget();
      return undefined;
    }
    const windows = new Windows(MOST_WINDOWS, MOST_LIVE, OP_WINDOW_S);
    this.#ops.set(op, windows);
    return windows;
  }
}

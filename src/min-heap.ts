/** Binary heap: the item that comes before all others is on top. `moved` hears of each item's new index. */
export class MinHeap<T> {
  readonly #items: T[];
  readonly #before: (a: T, b: T) => boolean;
  readonly #moved: (item: T, index: number) => void;

  /** `items`: an empty list of the right kind, where it matters which (see `emptyList`). */
  constructor(
    before: (a: T, b: T) => boolean,
    moved: (item: T, index: number) => void = ignore,
    items: T[] = [],
  ) {
    this.#before = before;
    this.#moved = moved;
    this.#items = items;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    this.#items.push(item);
    this.#up(item, this.#items.length - 1);
  }

  pop(): T | undefined {
    return this.#items.length === 0 ? undefined : this.removeAt(0);
  }

  /** Removes the item at an index that `moved` told of. */
  removeAt(index: number): T {
    const removed = this.#items[index];
    const last = this.#items.pop();
    if (removed === undefined || last === undefined) throw new RangeError(`no item at ${index}`);
    if (index < this.#items.length) {
      this.#up(last, index);
      const landed = this.#items[index];
      if (landed === last) this.#down(last, index);
    }
    this.#moved(removed, -1);
    return removed;
  }

  #up(item: T, from: number): void {
    let at = from;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.#items[parentAt] as T;
      if (!this.#before(item, parent)) break;
      this.#place(parent, at);
      at = parentAt;
    }
    this.#place(item, at);
  }

  #down(item: T, from: number): void {
    let at = from;
    for (;;) {
      const childAt = this.#smallerChild(at);
      if (childAt < 0) break;
      const child = this.#items[childAt] as T;
      if (!this.#before(child, item)) break;
      this.#place(child, at);
      at = childAt;
    }
    this.#place(item, at);
  }

  #smallerChild(at: number): number {
    const left = 2 * at + 1;
    if (left >= this.#items.length) return -1;
    const right = left + 1;
    if (right >= this.#items.length) return left;
    return this.#before(this.#items[right] as T, this.#items[left] as T) ? right : left;
  }

  #place(item: T, index: number): void {
    this.#items[index] = item;
    this.#moved(item, index);
  }
}

function ignore(): void {}

import { emptyList } from '../../stable-shapes.ts';

/** Collects work until the end of a turn of the event loop. */
export interface Flushable {
  flush(): void;
}

/** Flushes at the end of the turn of the event loop what was added in it, each once. Items say for themselves whether they are in. */
export class TurnEnd {
  #items = emptyList<Flushable>();
  readonly #run = (): void => {
    const items = this.#items;
    this.#items = [];
    for (const item of items) item.flush();
  };

  add(item: Flushable): void {
    // Before promises, and after everything that runs in this turn.
    if (this.#items.push(item) === 1) process.nextTick(this.#run);
  }
}

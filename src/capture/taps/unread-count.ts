import type { TapContext } from './tap.ts';

/**
 * Counts what one connection lost because it could not be read: operations where the other direction still tells them
 * apart, else bytes.
 */
export class UnreadCount {
  readonly #context: TapContext;
  /** One operation was counted when requests stopped being readable; the answer to it may still come. */
  #isFirstOpen = false;
  #isFirstCounted = false;
  #isUnfollowed = false;
  #hasGivenUp = false;

  constructor(context: TapContext) {
    this.#context = context;
  }

  /** The client asks for something nobody can read; how much it is only its answers tell. Counts one, once. */
  lost(): void {
    if (this.#isFirstCounted) return;
    this.#isFirstCounted = true;
    this.#isFirstOpen = true;
    this.#context.sink.drop(1);
  }

  /** The server has answered an operation that could not be read. */
  answered(): void {
    if (this.#isFirstOpen) this.#isFirstOpen = false;
    else this.#context.sink.drop(1);
    this.#isFirstCounted = true;
  }

  /** Bytes came from a client that can't be read; `answersCount`: the answers to them will be seen. */
  fromClient(bytes: number, answersCount: boolean): void {
    this.lost();
    if (answersCount) return;
    this.#context.sink.unfollowed(this.#isUnfollowed ? 0 : 1, bytes);
    this.#isUnfollowed = true;
  }

  /** One direction can't be read any further. Told once a connection. */
  gaveUp(reason: string): void {
    if (!this.#hasGivenUp) this.#context.onGaveUp(reason);
    this.#hasGivenUp = true;
  }
}

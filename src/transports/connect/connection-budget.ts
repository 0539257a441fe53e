/** How many connections one transport may have at a time, whoever of its sessions they belong to. */
export class ConnectionBudget {
  readonly most: number;
  readonly #makeRoom: () => void;
  #used = 0;

  /** `makeRoom` is called when the last one is taken and another is wanted; what it closes is given back. */
  constructor(most: number, makeRoom: () => void) {
    this.most = most;
    this.#makeRoom = makeRoom;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes one connection from the budget; false when there is none. */
  take(): boolean {
    if (this.#used >= this.most) this.#makeRoom();
    if (this.#used >= this.most) return false;
    this.#used += 1;
    return true;
  }

  give(): void {
    this.#used -= 1;
  }

  /** The words for an operation that got no connection. */
  get refusal(): string {
    return `all ${this.most} connections there may be are in use; --connections N shares fewer among sessions`;
  }
}

/** A server is given this long, and three times as long as connecting took, to speak before it is spoken to. */
const LEAST_MS = 50;
const MOST_MS = 500;

/**
 * What a server says before anybody asked it. One of HTTP/1 says nothing; one of HTTP/2, as those of gRPC, sends its
 * settings at once, and would be found out only by the failure of every request.
 */
export class FirstWords {
  #said = '';
  #wake: () => void = () => {};

  /** Notes what a server said on a connection that was never asked anything. */
  note(said: string): void {
    if (said === '') return;
    this.#said = said;
    this.#wake();
  }

  /** Resolves with what the server says within the time that is worth waiting for; '' for nothing. */
  async heard(connectMs: number): Promise<string> {
    if (this.#said !== '') return this.#said;
    const waitMs = Math.min(MOST_MS, Math.max(LEAST_MS, 3 * connectMs));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return this.#said;
  }
}

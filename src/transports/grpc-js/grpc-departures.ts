import type { Clock } from '../../replay/ports.ts';

/** A call that grpc-js has taken and that has not reached the wire. */
export interface Departing {
  /** The call that grpc-js made for it; undefined until it did. */
  readonly running: unknown;
  /** Its HEADERS left. */
  departed(): void;
}

/** How soon a call that waits for the server's leave is looked at again, where nothing else says when. */
const LOOK_AGAIN_NS = 1e6;

/**
 * The calls of one connection whose HEADERS have not left. Where a server limits concurrent streams, what is over
 * the limit waits inside Node's HTTP/2, in order, and a call that is cancelled there never reaches the server.
 */
export class Departures {
  readonly #clock: Clock;
  readonly #waiting = new Set<Departing>();
  #isLooking = false;
  #stopTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(call: Departing): void {
    this.#waiting.add(call);
    this.lookSoon();
  }

  forget(call: Departing): void {
    this.#waiting.delete(call);
  }

  /** Something changed: a call came, or one ended and made room. HTTP/2 writes first in the turn's last phase. */
  lookSoon(): void {
    if (this.#isLooking || this.#waiting.size === 0) return;
    this.#isLooking = true;
    setImmediate(() => this.#look());
  }

  #look(): void {
    this.#isLooking = false;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    for (const call of this.#waiting) {
      // Where no stream is to be seen after a pick, grpc-js is built otherwise, and the pick is all there is.
      if (hasLeft(call.running) === false) break;
      this.#waiting.delete(call);
      call.departed();
    }
    if (this.#waiting.size === 0) return;
    const atNs = this.#clock.nowNs() + LOOK_AGAIN_NS;
    this.#stopTimer = this.#clock.at(atNs, () => this.lookSoon(), true);
  }
}

/** nghttp2's state of a stream that does not exist yet, or no more. */
const IDLE = 1;
/** Layers of grpc-js around a call's HTTP/2 stream; there are five. */
const MAX_LAYERS = 12;

/**
 * Whether the HEADERS of a call of grpc-js were written: only then HTTP/2 knows of its stream. Nothing in the public
 * interface tells it, so this looks inside; undefined where no stream is to be seen.
 */
export function hasLeft(running: unknown): boolean | undefined {
  const stream = http2StreamOf(running);
  return stream === undefined ? undefined : !stream.destroyed && (stream.state?.state ?? IDLE) !== IDLE;
}

/** Calls `take` with the `grpc-encoding` of the answer, '' for none, when its head comes; never where no stream is to be seen. */
export function onAnswerCoding(running: unknown, take: (coding: string) => void): void {
  http2StreamOf(running)?.once?.('response', (headers) => take(headers['grpc-encoding'] ?? ''));
}

interface Layer {
  http2Stream?: {
    destroyed: boolean;
    state?: { state?: number };
    once?(event: 'response', take: (headers: Record<string, string | undefined>) => void): void;
  };
  call?: Layer;
  child?: Layer;
  underlyingCalls?: { call?: Layer }[];
}

function http2StreamOf(running: unknown): Layer['http2Stream'] {
  let layer = (running as Layer | undefined)?.call;
  for (let depth = 0; layer !== undefined && layer !== null && depth < MAX_LAYERS; depth += 1) {
    if (layer.http2Stream !== undefined) return layer.http2Stream;
    layer = layer.child ?? layer.underlyingCalls?.[0]?.call ?? layer.call;
  }
  return undefined;
}

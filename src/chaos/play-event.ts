import type { Protocol } from '../trace/record/record.ts';
import { CANCEL, FRAME, frameOf, uint32 } from '../wire/http2/frames.ts';
import type { ChaosKind } from '../workload/scenario/chaos-spec.ts';
import { watchAnswer } from './answer-watch.ts';
import { SLOW_BYTES } from './chaos-bytes.ts';
import type { ChaosSocket, OpenChaosSocket } from './open-chaos-socket.ts';

/** How one event ended. */
export type EventEnd = 'not_connected' | 'answered' | 'closed_by_server' | 'ended_by_us' | 'cut_off';

/** What an event needs to be played. */
export interface PlayedEvent {
  readonly kind: ChaosKind;
  readonly protocol: Protocol;
  readonly bytes: Buffer;
  /** How long it may take to connect, and how long it goes on from then at most. */
  readonly connectMs: number;
  readonly holdMs: number;
  open: OpenChaosSocket;
  /** Called once. `answer` is what the server said first, in a word. */
  onEnd(end: EventEnd, answer: string | undefined): void;
}

/** How often a slow reader reads. */
const SLOW_EVERY_MS = 100;
const STREAM = 1;

/** Plays one event; what is returned cuts it off. */
export function playEvent(event: PlayedEvent): () => void {
  const playing = new PlayingEvent(event);
  return () => playing.end('cut_off');
}

class PlayingEvent {
  readonly #event: PlayedEvent;
  readonly #socket: ChaosSocket;
  readonly #watch: (bytes: Buffer) => void;
  #holding: NodeJS.Timeout;
  #reading: NodeJS.Timeout | undefined;
  #isOpen = false;
  #hasEnded = false;
  #answer: string | undefined;

  constructor(event: PlayedEvent) {
    this.#event = event;
    this.#watch = watchAnswer(event.protocol, {
      answered: (label) => this.#answered(label),
      whole: () => this.end('answered'),
      send: (bytes) => void this.#socket.stream.write(bytes),
    });
    this.#holding = setTimeout(() => this.end('not_connected'), event.connectMs);
    this.#socket = event.open(() => this.#opened());
    this.#socket.stream
      .on('error', () => this.#lost())
      .on('end', () => this.#lost())
      .on('close', () => this.#lost());
  }

  end(how: EventEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#holding);
    clearInterval(this.#reading);
    const isReset = how === 'ended_by_us' && this.#event.kind === 'aborted_requests';
    if (isReset) this.#socket.reset();
    else this.#socket.stream.destroy();
    this.#event.onEnd(how, this.#answer);
  }

  #opened(): void {
    this.#isOpen = true;
    const { kind, bytes, holdMs } = this.#event;
    const { stream } = this.#socket;
    clearTimeout(this.#holding);
    if (kind === 'slow_readers') this.#reading = setInterval(() => this.#readSome(), SLOW_EVERY_MS);
    else stream.on('data', (chunk: Buffer) => this.#watch(chunk));
    // What a server does not take is held all the same.
    this.#holding = setTimeout(() => this.#held(), holdMs);
    stream.write(bytes);
  }

  /** Time is up, and the server has neither answered nor closed. */
  #held(): void {
    const { kind, protocol } = this.#event;
    if (kind === 'aborted_requests' && protocol === 'grpc')
      this.#socket.stream.write(frameOf(FRAME.reset, 0, STREAM, uint32(CANCEL)), () =>
        this.end('ended_by_us'),
      );
    else this.end('ended_by_us');
  }

  #readSome(): void {
    const { stream } = this.#socket;
    if (this.#event.protocol === 'grpc' && this.#answer !== undefined) {
      const more = uint32(SLOW_BYTES);
      stream.write(
        Buffer.concat([
          frameOf(FRAME.windowUpdate, 0, STREAM, more),
          frameOf(FRAME.windowUpdate, 0, 0, more),
        ]),
      );
    }
    const chunk = stream.read(Math.min(SLOW_BYTES, stream.readableLength) || undefined) as Buffer | null;
    if (chunk !== null) this.#watch(chunk);
  }

  #answered(label: string): void {
    this.#answer ??= label;
    if (this.#event.kind !== 'slow_readers') this.end('answered');
  }

  #lost(): void {
    this.end(this.#isOpen ? 'closed_by_server' : 'not_connected');
  }
}

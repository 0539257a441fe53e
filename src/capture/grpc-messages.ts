import type { StreamMessage } from '../trace/record.ts';
import { GrpcFraming } from '../wire/grpc-framing.ts';
import { BodyBuffer } from './body-buffer.ts';
import type { TapContext } from './tap.ts';

/** Messages of one call that are listed; a stream that runs for days would otherwise grow without end. */
const MAX_MESSAGES = 65_536;
/** What one listed message costs beyond its data, roughly, in bytes. */
const MESSAGE_OVERHEAD_BYTES = 128;

/** The messages of one call in the order of their last bytes, both directions in one list. */
export class GrpcMessages {
  readonly #context: TapContext;
  readonly list: StreamMessage[] = [];
  #overheadBytes = 0;
  #held: BodyBuffer[] = [];
  #keptBytes = 0;
  /** Client bytes seen and kept out by a limit. */
  truncatedBytes = 0;
  #isFull = false;

  constructor(context: TapContext) {
    this.#context = context;
  }

  /** A buffer for the data of one message: all of a call's share one limit. */
  openData(keep: boolean): BodyBuffer {
    const room = keep && !this.#isFull ? this.#context.maxBodyBytes - this.#keptBytes : 0;
    const data = new BodyBuffer(this.#context.budget, room);
    this.#held.push(data);
    return data;
  }

  /** The message is all there. */
  add(data: BodyBuffer, message: Omit<StreamMessage, 'data'>): void {
    if (this.#isFull || !this.#takeOverhead()) {
      this.#isFull = true;
      if (!message.fromServer) this.truncatedBytes += data.seenBytes;
      this.#held.splice(this.#held.lastIndexOf(data), 1);
      data.release();
      return;
    }
    this.#keptBytes += data.keptBytes;
    if (!message.fromServer) this.truncatedBytes += data.missingBytes;
    this.list.push({ ...message, data: data.bytes() });
  }

  release(): void {
    for (const data of this.#held) data.release();
    this.#context.budget.give(this.#overheadBytes);
    this.#overheadBytes = 0;
    this.#held = [];
  }

  #takeOverhead(): boolean {
    if (this.list.length >= MAX_MESSAGES || !this.#context.budget.take(MESSAGE_OVERHEAD_BYTES)) return false;
    this.#overheadBytes += MESSAGE_OVERHEAD_BYTES;
    return true;
  }
}

export interface GrpcDirectionOptions {
  readonly fromServer: boolean;
  /** Keep the data, not only its size. */
  readonly keep: boolean;
  /** Time since the start of the call. */
  readonly offsetNs: () => number;
  /** Message bytes as they come, framing removed; and those that are no messages. */
  readonly onData: (view: Buffer) => void;
}

/** Splits one direction's DATA into messages and lists them. */
export class GrpcDirection {
  readonly #messages: GrpcMessages;
  readonly #fromServer: boolean;
  readonly #keep: boolean;
  readonly #offsetNs: () => number;
  readonly #onData: (view: Buffer) => void;
  #open: BodyBuffer | undefined;
  #compressed = false;
  #count = 0;
  #unframedBytes = 0;

  readonly #framing = new GrpcFraming({
    onMessageStart: (_sizeBytes, compressed) => {
      this.#compressed = compressed;
      this.#open = this.#messages.openData(this.#keep);
    },
    onMessageData: (view) => {
      this.#open?.add(view);
      this.#onData(view);
    },
    onMessageEnd: () => this.#close(),
    onUnframed: (view) => {
      this.#unframedBytes += view.length;
      this.#onData(view);
    },
  });

  constructor(messages: GrpcMessages, options: GrpcDirectionOptions) {
    this.#messages = messages;
    this.#fromServer = options.fromServer;
    this.#keep = options.keep;
    this.#offsetNs = options.offsetNs;
    this.#onData = options.onData;
  }

  /** Messages that were complete. */
  get count(): number {
    return this.#count;
  }

  /** Something came that is no message. */
  get isUnframed(): boolean {
    return this.#unframedBytes > 0;
  }

  /** Bytes of a message that was begun and not finished; at least 1 if there is one. And those of no message. */
  get cutBytes(): number {
    if (this.#unframedBytes > 0) return this.#unframedBytes;
    return this.#framing.missingBytes > 0 ? Math.max(1, this.#open?.seenBytes ?? 0) : 0;
  }

  push(view: Buffer): void {
    this.#framing.push(view);
  }

  /** These bytes are known to be no messages. */
  pushUnframed(view: Buffer): void {
    this.#onData(view);
  }

  #close(): void {
    const data = this.#open as BodyBuffer;
    this.#open = undefined;
    this.#count++;
    this.#messages.add(data, {
      fromServer: this.#fromServer,
      offsetNs: this.#offsetNs(),
      sizeBytes: data.seenBytes,
      compressed: this.#compressed,
    });
  }
}

import type { StreamMessage } from '../../trace/record/record.ts';
import { GrpcMessageSplitter } from '../../wire/grpc-message-splitter.ts';
import { BodyBuffer } from '../memory/body-buffer.ts';
import type { TapContext } from './tap.ts';

/** Messages of one call that are listed; a stream that runs for days would otherwise grow without end. */
const MAX_MESSAGES = 65_536;
/** What one listed message costs beyond its data: its entry and the view of its data. */
const MESSAGE_BYTES = 256;

/** The messages of one call in the order of their last bytes, both directions in one list. */
export class GrpcMessages {
  readonly #context: TapContext;
  readonly list: StreamMessage[] = [];
  #listCostBytes = 0;
  #keptBytes = 0;
  /** Client bytes seen and kept out by a limit. */
  truncatedBytes = 0;
  #isFull = false;

  constructor(context: TapContext) {
    this.#context = context;
  }

  /** How many bytes of the next message may be kept: all messages of a call share one limit. */
  get roomBytes(): number {
    return this.#isFull ? 0 : this.#context.maxBodyBytes - this.#keptBytes;
  }

  /** The message is all there. */
  add(message: StreamMessage): void {
    this.#isFull ||= !this.#takeEntry();
    const keptBytes = this.#isFull ? 0 : message.data.length;
    if (!message.fromServer) this.truncatedBytes += message.sizeBytes - keptBytes;
    if (this.#isFull) return;
    this.#keptBytes += keptBytes;
    this.list.push(message);
  }

  release(): void {
    this.#context.budget.give(this.#listCostBytes);
    this.#listCostBytes = 0;
  }

  #takeEntry(): boolean {
    if (this.list.length >= MAX_MESSAGES || !this.#context.budget.take('flight', MESSAGE_BYTES)) return false;
    this.#listCostBytes += MESSAGE_BYTES;
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

/** Splits the DATA of one direction of a call into messages, and keeps them. */
export class GrpcDirection {
  readonly #messages: GrpcMessages;
  readonly #fromServer: boolean;
  readonly #keep: boolean;
  readonly #offsetNs: () => number;
  readonly #onData: (view: Buffer) => void;
  readonly #data: BodyBuffer;
  #compressed = false;
  #count = 0;
  #unframedBytes = 0;

  readonly #framing = new GrpcMessageSplitter({
    onMessageStart: (_sizeBytes, compressed) => {
      this.#compressed = compressed;
      this.#data.limit(this.#keep ? this.#messages.roomBytes : 0);
    },
    onMessageData: (view) => {
      this.#data.add(view);
      this.#onData(view);
    },
    onMessageEnd: () => this.#close(),
    onUnframed: (view) => {
      this.#unframedBytes += view.length;
      this.#onData(view);
    },
  });

  constructor(context: TapContext, messages: GrpcMessages, options: GrpcDirectionOptions) {
    this.#messages = messages;
    this.#data = new BodyBuffer(context.budget, 0);
    this.#fromServer = options.fromServer;
    this.#keep = options.keep;
    this.#offsetNs = options.offsetNs;
    this.#onData = options.onData;
  }

  /** Messages that were complete. */
  get count(): number {
    return this.#count;
  }

  /** Bytes came that are no message of gRPC. */
  get isUnframed(): boolean {
    return this.#unframedBytes > 0;
  }

  /** Bytes of a message that was begun and not finished; at least 1 if there is one. And those of no message. */
  get cutBytes(): number {
    if (this.#unframedBytes > 0) return this.#unframedBytes;
    return this.#framing.missingBytes > 0 ? Math.max(1, this.#data.seenBytes) : 0;
  }

  push(view: Buffer): void {
    this.#framing.push(view);
  }

  /** Takes bytes that are known to be no messages. */
  pushUnframed(view: Buffer): void {
    this.#onData(view);
  }

  release(): void {
    this.#data.release();
  }

  #close(): void {
    this.#count++;
    const { bytes, seenBytes } = this.#data.cut();
    this.#messages.add({
      fromServer: this.#fromServer,
      offsetNs: this.#offsetNs(),
      data: bytes,
      sizeBytes: seenBytes,
      compressed: this.#compressed,
    });
  }
}

import { crc32 } from 'node:zlib';
import {
  type GrpcStream,
  type HeaderList,
  NO_BYTES,
  type Outcome,
  type TraceRecord,
} from '../trace/record.ts';
import { GrpcDirection, GrpcMessages } from './grpc-messages.ts';
import { headerValue, type StreamTap } from './stream-tap.ts';
import type { ConnectionEnd, TapContext } from './tap.ts';

export interface CallHead {
  readonly session: string;
  readonly path: string;
  /** Metadata, secrets replaced already. */
  readonly headers: HeaderList;
  readonly startNs: number;
}

const CANCELLED_BY_CLIENT = 'client_aborted';
const TIMEOUT_UNIT_NS: Readonly<Record<string, number>> = {
  H: 3600e9,
  M: 60e9,
  S: 1e9,
  m: 1e6,
  u: 1e3,
  n: 1,
};

/** The `grpc-timeout` header in ns (gRPC over HTTP/2, "Timeout"); undefined where it is none. */
export function parseGrpcTimeout(text: string | undefined): number | undefined {
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(text ?? '');
  return match === null ? undefined : Number(match[1]) * (TIMEOUT_UNIT_NS[match[2] as string] as number);
}

/** One gRPC call, while it goes by. */
export class GrpcCall implements StreamTap {
  readonly #context: TapContext;
  readonly #head: CallHead;
  readonly #messages: GrpcMessages;
  readonly #client: GrpcDirection;
  readonly #server: GrpcDirection;
  #nowNs: number;
  #halfCloseNs: number | undefined;
  #cancelNs: number | undefined;
  #answeredNs: number | undefined;
  #status: number | undefined;
  #answerError = '';
  #responseBytes = 0;
  #responseCrc32 = 0;
  #hasAnswer = false;
  done = false;

  constructor(context: TapContext, head: CallHead) {
    this.#context = context;
    this.#head = head;
    this.#nowNs = head.startNs;
    this.#messages = new GrpcMessages(context);
    const offsetNs = (): number => Math.max(0, this.#nowNs - head.startNs);
    this.#client = new GrpcDirection(this.#messages, {
      fromServer: false,
      keep: true,
      offsetNs,
      onData: () => {},
    });
    this.#server = new GrpcDirection(this.#messages, {
      fromServer: true,
      keep: context.keepResponses,
      offsetNs,
      onData: (view) => {
        this.#responseBytes += view.length;
        this.#responseCrc32 = crc32(view, this.#responseCrc32);
      },
    });
  }

  fromClient(view: Buffer, ended: boolean, atNs: number): void {
    if (this.done) return;
    this.#nowNs = atNs;
    this.#client.push(view);
    if (!ended) return;
    this.#halfCloseNs = atNs - this.#head.startNs;
    if (this.#answeredNs !== undefined) this.#finish('', this.#answeredNs);
  }

  fromServer(view: Buffer, ended: boolean, atNs: number): void {
    if (this.done || this.#answeredNs !== undefined) return;
    this.#nowNs = atNs;
    this.#hasAnswer = true;
    this.#server.push(view);
    if (ended) this.#onAnswered(atNs);
  }

  serverHeaders(list: HeaderList, ended: boolean, atNs: number): void {
    if (this.done) return;
    const status = headerValue(list, 'grpc-status');
    if (status !== undefined && /^[0-9]{1,9}$/.test(status)) this.#status = Number(status);
    const httpStatus = headerValue(list, ':status');
    if (httpStatus !== undefined && !/^(1..|200)$/.test(httpStatus)) this.#answerError = `http_${httpStatus}`;
    if (ended) this.#onAnswered(atNs);
  }

  clientReset(atNs: number): void {
    if (this.done) return;
    if (this.#answeredNs !== undefined) {
      this.#finish('', this.#answeredNs);
      return;
    }
    this.#cancelNs = atNs - this.#head.startNs;
    this.#finish(CANCELLED_BY_CLIENT, atNs);
  }

  serverReset(atNs: number): void {
    if (this.done) return;
    if (this.#answeredNs !== undefined) this.#finish('', this.#answeredNs);
    else this.#finish('upstream_reset', atNs);
  }

  closed(end: ConnectionEnd, atNs: number): void {
    if (this.done) return;
    if (this.#answeredNs !== undefined) this.#finish('', this.#answeredNs);
    else this.#finish(end, atNs);
  }

  /** The call makes no record: gives back what it holds. */
  abandon(): void {
    this.done = true;
    this.#messages.release();
  }

  /** The status is there, but the rest of the request may still be on its way. */
  #onAnswered(atNs: number): void {
    this.#answeredNs = atNs;
    if (this.#halfCloseNs !== undefined) this.#finish('', atNs);
  }

  #finish(error: string, atNs: number): void {
    this.done = true;
    try {
      // Answered, as by a server with a limit, while a message was on its way: the one rule for all protocols.
      const isCut = error === '' && this.#client.cutBytes > 0;
      const record = this.#record(isCut ? 'request_incomplete' : error, atNs);
      Object.assign(record, this.#context.dialect.describe({ ...record, body: this.#firstMessage() }));
      this.#context.sink.add(record, this.#messages.truncatedBytes);
    } finally {
      this.#messages.release();
    }
  }

  #firstMessage(): Uint8Array {
    return this.#messages.list.find((message) => !message.fromServer)?.data ?? NO_BYTES;
  }

  #record(error: string, atNs: number): TraceRecord {
    const { session, path, headers, startNs } = this.#head;
    const isStream = !this.#isUnary();
    const first = this.#messages.list.find((message) => !message.fromServer);
    return {
      startNs,
      durationNs: Math.max(0, atNs - startNs),
      session,
      op: '',
      space: '',
      protocol: 'grpc',
      method: 'POST',
      path,
      headers,
      body: isStream ? NO_BYTES : (first?.data ?? NO_BYTES),
      bodyCompressed: !isStream && first?.compressed === true,
      bodyBytesMissing: this.#messages.truncatedBytes + this.#client.cutBytes,
      deadlineNs: parseGrpcTimeout(headerValue(headers, 'grpc-timeout')),
      stream: isStream ? this.#stream() : undefined,
      outcome: this.#outcome(error, isStream),
    };
  }

  /** One message out, half-close, at most one message back, and nothing the plain form can't say. */
  #isUnary(): boolean {
    const { list } = this.#messages;
    const isListed = list.some((message) => !message.fromServer);
    const isWhole = this.#client.count === 1 && this.#client.cutBytes === 0 && isListed;
    return (
      isWhole && this.#halfCloseNs !== undefined && this.#server.count <= 1 && this.#cancelNs === undefined
    );
  }

  #stream(): GrpcStream {
    return { messages: this.#messages.list, halfCloseNs: this.#halfCloseNs, cancelNs: this.#cancelNs };
  }

  #outcome(error: string, isStream: boolean): Outcome {
    const status = this.#status;
    const answerError = this.#answerError || (status === undefined ? 'no_grpc_status' : '');
    const reason = error || answerError;
    const answer = this.#messages.list.find((message) => message.fromServer);
    const isKept = !isStream && answer !== undefined && answer.data.length === answer.sizeBytes;
    return {
      status,
      ok: reason === '' && status === 0,
      error: reason,
      responseBytes: this.#responseBytes,
      responseCrc32: this.#hasAnswer ? this.#responseCrc32 : undefined,
      itemCount: undefined,
      response: isKept && this.#context.keepResponses ? answer.data : undefined,
    };
  }
}

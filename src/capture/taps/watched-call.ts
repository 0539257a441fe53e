import { crc32 } from 'node:zlib';
import { REQUEST_INCOMPLETE } from '../../trace/record/incomplete.ts';
import {
  type GrpcStream,
  type HeaderList,
  NO_BYTES,
  type Outcome,
  type TraceRecord,
} from '../../trace/record/record.ts';
import { GrpcDirection, GrpcMessages } from './grpc-messages.ts';
import { http2HeaderValue, type StreamTap } from './stream-tap.ts';
import type { ConnectionEnd, TapContext } from './tap.ts';

export interface CallHead {
  readonly session: string;
  readonly path: string;
  /** Metadata, secrets replaced already. */
  readonly headers: HeaderList;
  readonly startNs: number;
}

const CANCELLED_BY_CLIENT = 'client_aborted';
const GRPC_CONTENT_TYPE = /^application\/grpc(?:$|[+; ])/i;
const TIMEOUT_UNIT_NS: Readonly<Record<string, number>> = {
  H: 3600e9,
  M: 60e9,
  S: 1e9,
  m: 1e6,
  u: 1e3,
  n: 1,
};

/**
 * The `grpc-timeout` header in ns (gRPC over HTTP/2, "Timeout"); undefined where it is none. It may say 11,415 years,
 * a record 104 days: what is longer, "as good as never" to whoever sent it, becomes these.
 */
export function parseGrpcTimeout(text: string | undefined): number | undefined {
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(text ?? '');
  if (match === null) return undefined;
  const timeoutNs = Number(match[1]) * (TIMEOUT_UNIT_NS[match[2] as string] as number);
  return Math.min(timeoutNs, Number.MAX_SAFE_INTEGER);
}

/** The content type of gRPC, with or without a codec; that of gRPC-Web is another protocol. */
export function isGrpcType(contentType: string | undefined): boolean {
  return GRPC_CONTENT_TYPE.test(contentType ?? '');
}

/** Records one gRPC call while its frames go by. */
export class WatchedCall implements StreamTap {
  readonly #context: TapContext;
  readonly #head: CallHead;
  readonly #messages: GrpcMessages;
  readonly #client: GrpcDirection;
  readonly #server: GrpcDirection;
  #costBytes = 0;
  #nowNs: number;
  #halfCloseNs: number | undefined;
  #cancelNs: number | undefined;
  #answeredNs: number | undefined;
  #status: number | undefined;
  /**
   * The error of a call whose answer is no gRPC, such as `http_502`; it goes before the way in which the call ended.
   */
  #httpError = '';
  #isFramed = true;
  #responseBytes = 0;
  #responseCrc32 = 0;
  #hasAnswer = false;
  isAnswering = false;
  done = false;

  constructor(context: TapContext, head: CallHead) {
    this.#context = context;
    this.#head = head;
    this.#nowNs = head.startNs;
    this.#messages = new GrpcMessages(context);
    const offsetNs = (): number => Math.max(0, this.#nowNs - head.startNs);
    this.#client = new GrpcDirection(context, this.#messages, {
      fromServer: false,
      keep: true,
      offsetNs,
      onData: () => {},
    });
    this.#server = new GrpcDirection(context, this.#messages, {
      fromServer: true,
      keep: context.keepResponses,
      offsetNs,
      onData: (view) => {
        this.#responseBytes += view.length;
        this.#responseCrc32 = crc32(view, this.#responseCrc32);
      },
    });
  }

  get requestDone(): boolean {
    return this.#halfCloseNs !== undefined;
  }

  adopt(costBytes: number): void {
    this.#costBytes += costBytes;
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
    if (this.#isFramed) this.#server.push(view);
    else this.#server.pushUnframed(view);
    if (ended) this.#onAnswered(atNs);
  }

  serverHeaders(list: HeaderList, ended: boolean, atNs: number): void {
    if (this.done) return;
    this.isAnswering = true;
    const status = http2HeaderValue(list, 'grpc-status');
    if (status !== undefined && /^[0-9]{1,9}$/.test(status)) this.#status = Number(status);
    const httpStatus = http2HeaderValue(list, ':status');
    if (httpStatus !== undefined && !/^1[0-9]{2}$/.test(httpStatus)) this.#onHttpStatus(httpStatus, list);
    if (ended) this.#onAnswered(atNs);
  }

  /** A load balancer's page is an answer of HTTP, and none of gRPC. */
  #onHttpStatus(status: string, list: HeaderList): void {
    const contentType = http2HeaderValue(list, 'content-type');
    this.#isFramed = status === '200' && (contentType === undefined || isGrpcType(contentType));
    if (status !== '200') this.#httpError = /^[0-9]{3}$/.test(status) ? `http_${status}` : 'bad_response';
  }

  clientReset(atNs: number): void {
    if (this.done) return;
    if (this.#answeredNs !== undefined || this.#httpError !== '') {
      this.#finish('', this.#answeredNs ?? atNs); // an answer that is none is not waited for: no cancel
      return;
    }
    this.#cancelNs = atNs - this.#head.startNs;
    this.#finish(CANCELLED_BY_CLIENT, atNs);
  }

  closed(end: ConnectionEnd, atNs: number): void {
    if (this.done) return;
    if (this.#answeredNs !== undefined) this.#finish('', this.#answeredNs);
    else this.#finish(end, end === 'not_followed' ? undefined : atNs);
  }

  /** The call makes no record: gives back what it holds. */
  abandon(): void {
    this.done = true;
    this.#release();
  }

  /** The status is there, but the rest of the request may still be on its way. */
  #onAnswered(atNs: number): void {
    this.#answeredNs = atNs;
    if (this.#halfCloseNs !== undefined) this.#finish('', atNs);
  }

  /** `atNs` is undefined when nobody saw the end. */
  #finish(error: string, atNs: number | undefined): void {
    this.done = true;
    try {
      const record = this.#record(error, atNs);
      Object.assign(record, this.#context.dialect.describe({ ...record, body: this.#firstMessage() }));
      this.#release(); // what it held is the sink's to count from here on
      this.#context.sink.add(record, this.#messages.truncatedBytes);
    } finally {
      this.#release();
    }
  }

  #release(): void {
    this.#messages.release();
    this.#client.release();
    this.#server.release();
    this.#context.budget.give(this.#costBytes);
    this.#costBytes = 0;
  }

  #firstMessage(): Uint8Array {
    return this.#messages.list.find((message) => !message.fromServer)?.data ?? NO_BYTES;
  }

  #record(error: string, atNs: number | undefined): TraceRecord {
    const { session, path, headers, startNs } = this.#head;
    const isStream = !this.#isUnary();
    const first = this.#messages.list.find((message) => !message.fromServer);
    return {
      startNs,
      durationNs: atNs === undefined ? undefined : Math.max(0, atNs - startNs),
      session,
      op: '',
      space: '',
      protocol: 'grpc',
      httpVersion: undefined,
      method: 'POST',
      path,
      headers,
      body: isStream ? NO_BYTES : (first?.data ?? NO_BYTES),
      bodyCompressed: !isStream && first?.compressed === true,
      bodyBytesMissing: this.#messages.truncatedBytes + this.#client.cutBytes,
      deadlineNs: parseGrpcTimeout(http2HeaderValue(headers, 'grpc-timeout')),
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
    const reason = this.#reason(error);
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

  #reason(error: string): string {
    if (this.#httpError !== '') return this.#httpError;
    if (error !== '') return error;
    if (this.#client.isUnframed) return 'request_malformed';
    // Answered, as by a server with a limit, while a message was on its way: the one rule for all protocols.
    if (this.#client.cutBytes > 0) return REQUEST_INCOMPLETE;
    if (this.#server.isUnframed) return 'bad_response';
    return this.#status === undefined ? 'no_grpc_status' : '';
  }
}

import { crc32 } from 'node:zlib';
import { isMiss } from '../../dialects/is-miss.ts';
import {
  type HeaderList,
  type HttpVersion,
  NO_HEADERS,
  type TraceRecord,
} from '../../trace/record/record.ts';
import { BodyBuffer } from '../memory/body-buffer.ts';
import type { TapContext } from './tap.ts';

/** Records one HTTP request and its answer while their bytes go by. */
export class WatchedExchange {
  readonly #context: TapContext;
  readonly #session: string;
  readonly #startNs: number;
  readonly #body: BodyBuffer;
  readonly #response: BodyBuffer | undefined;
  #path = '';
  #headers: HeaderList = NO_HEADERS;
  #responseBytes = 0;
  #responseCrc32 = 0;
  #costBytes = 0;
  #isLost = false;
  method = '';
  /** The version of HTTP/1, where it is not 1.1. */
  httpVersion: HttpVersion | undefined;
  requestDone = false;
  /** Why the request, though it will not go on, is not whole. */
  requestError = '';
  /** Why there will be no answer to read, though the request is still arriving; '' while one is awaited. */
  answerError = '';
  status: number | undefined;
  /** When the last byte of the answer came; undefined while it is awaited. */
  answeredNs: number | undefined;

  constructor(context: TapContext, session: string, startNs: number) {
    this.#context = context;
    this.#session = session;
    this.#startNs = startNs;
    this.#body = new BodyBuffer(context.budget, context.maxBodyBytes);
    this.#response = context.keepResponses ? new BodyBuffer(context.budget, context.maxBodyBytes) : undefined;
  }

  /** `sharedHeaders`: the list is one that comes again and again. */
  setHead(method: string, target: string, headers: HeaderList, sharedHeaders: boolean): void {
    this.method = method;
    this.#path = this.#context.redactor.target(target);
    this.#headers = this.#context.redactor.headers(headers, sharedHeaders);
  }

  /** Takes over memory that was taken from the budget for it; it is given back when it is done. */
  adopt(costBytes: number): void {
    this.#costBytes += costBytes;
  }

  /** There is no room for it: it counts as dropped, and only keeps what it takes to follow its answer. */
  lose(method: string): void {
    this.method = method.length < 10 ? method : '?'; // a longer one would keep all of its head alive
    this.#isLost = true;
    this.#body.recycle();
    this.#response?.recycle();
    this.#context.sink.drop(1);
  }

  /** Whether the request is a CONNECT: what its client sends behind it is no body, but somebody's conversation. */
  get isTunnel(): boolean {
    return this.method === 'CONNECT';
  }

  addBody(view: Buffer): void {
    if (!this.isTunnel) this.#body.add(view);
  }

  addResponse(view: Buffer): void {
    this.#responseBytes += view.length;
    this.#responseCrc32 = crc32(view, this.#responseCrc32);
    this.#response?.add(view);
  }

  /** Hands the record over; `error` is '' when request and answer were whole, `atNs` undefined when nobody saw the end. */
  finish(error: string, atNs: number | undefined): void {
    try {
      if (!this.#isLost) this.#handOver(error, atNs);
    } finally {
      this.release();
    }
  }

  /** Lets the bytes go; for an exchange that makes no record. */
  release(): void {
    this.#settle();
    this.#body.recycle();
    this.#response?.recycle();
  }

  #settle(): void {
    this.#body.settle();
    this.#response?.settle();
    this.#context.budget.give(this.#costBytes);
    this.#costBytes = 0;
  }

  #handOver(error: string, atNs: number | undefined): void {
    const cut = this.requestDone ? 0 : 1; // at least one byte of the request never came
    const { missingBytes } = this.#body;
    const record = this.#record(error, atNs);
    record.bodyBytesMissing = Math.max(cut, missingBytes);
    const { dialect } = this.#context;
    const { op, space } = dialect.describe(record);
    record.op = op;
    record.space = space;
    if (error === '' && isMiss(dialect, record.op, this.status)) record.outcome.ok = true;
    this.#settle(); // what it held is the sink's to count from here on
    this.#context.sink.add(record, missingBytes);
  }

  #record(error: string, atNs: number | undefined): TraceRecord {
    const { status } = this;
    const endNs = this.answeredNs ?? atNs;
    const response = this.#response?.missingBytes === 0 ? this.#response.bytes() : undefined;
    return {
      startNs: this.#startNs,
      durationNs: endNs === undefined ? undefined : Math.max(0, endNs - this.#startNs),
      session: this.#session,
      op: '',
      space: '',
      protocol: 'http',
      httpVersion: this.httpVersion,
      method: this.method,
      path: this.#path,
      headers: this.#headers,
      body: this.#body.bytes(),
      bodyCompressed: false,
      bodyBytesMissing: 0,
      deadlineNs: undefined,
      stream: undefined,
      outcome: {
        status,
        ok: error === '' && status !== undefined && status < 400,
        error,
        responseBytes: this.#responseBytes,
        responseCrc32: status === undefined ? undefined : this.#responseCrc32,
        itemCount: undefined,
        response: status === undefined ? undefined : response,
      },
    };
  }
}

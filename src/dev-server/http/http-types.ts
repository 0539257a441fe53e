import type { IncomingHttpHeaders } from 'node:http';
import type { World } from '../world.ts';
import type { EventStream } from './events/event-stream.ts';

/** A request whose body is complete. */
export interface HttpRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The segment that matched `{id}`, decoded. */
  readonly id: string;
  /** Number of the operation, from 0. */
  readonly operation: number;
}

/** A whole answer, or the head of one whose body has no end. */
export interface HttpAnswer {
  status: number;
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  /** The body in the place of `body`: events without an end. */
  events?: EventStream;
}

export type HttpHandler = (request: HttpRequest, world: World) => HttpAnswer;

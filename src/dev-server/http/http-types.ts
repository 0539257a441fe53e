import type { IncomingHttpHeaders } from 'node:http';
import type { World } from '../world.ts';

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

/** A whole answer. */
export interface HttpAnswer {
  status: number;
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

export type HttpHandler = (request: HttpRequest, world: World) => HttpAnswer;

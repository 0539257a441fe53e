import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { EngramTraceError } from '../../error.ts';
import type { HeaderList } from '../../trace/record/record.ts';
import type { TlsSettings } from './tls-settings.ts';

/** A request that is no part of a plan. */
export interface SingleRequest {
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: string;
  readonly tls: TlsSettings;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface SingleAnswer {
  readonly status: number;
  /** The body of the answer, up to a bound. */
  readonly body: string;
}

/** The rest of an answer longer than this is not kept. */
const MOST_BODY = 4 * 2 ** 20;
const OF_THE_BODY = ['content-type', 'content-length', 'content-encoding', 'transfer-encoding', 'expect'];
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Sends one HTTP request over a connection of its own and waits for the whole answer. Rejects with a `target` error when
 * none comes in time, and when `signal` is aborted.
 */
export function singleRequest(asked: SingleRequest): Promise<SingleAnswer> {
  return new Promise((resolve, reject) => {
    const { method, path, origin, timeoutMs, signal } = asked;
    const request = send(asked);
    let isLate = false;
    const stop = (): void => void request.destroy();
    const timer = setTimeout(
      () => {
        isLate = true;
        stop();
      },
      Math.min(timeoutMs, LONGEST_TIMER_MS),
    );
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    const fail = (thrown: unknown): void => {
      settle();
      const why = isLate ? `no answer within ${timeoutMs / 1000} s` : EngramTraceError.from(thrown).message;
      reject(new EngramTraceError('target', `${method} ${path}: ${why}`, { where: origin, cause: thrown }));
    };
    request.on('error', fail).on('response', (response) => {
      readBody(response).then((body) => {
        settle();
        resolve({ status: response.statusCode ?? 0, body });
      }, fail);
    });
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
  });
}

function send({ origin, method, path, headers, body, tls }: SingleRequest): ClientRequest {
  const url = new URL(path, origin);
  const { insecure, ...certificates } = tls;
  const options = { method, agent: false as const, headers: headersOf(headers, body) };
  const request =
    url.protocol === 'https:'
      ? httpsRequest(url, { ...options, ...certificates, rejectUnauthorized: insecure !== true })
      : httpRequest(url, options);
  return request.end(body);
}

/** What is given is for the operations of a replay: it describes their bodies, and not this one. */
function headersOf(given: HeaderList, body: string): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  const own = new Map<string, string[]>();
  for (let i = 0; i + 1 < given.length; i += 2) {
    const name = (given[i] as string).toLowerCase();
    own.set(name, [...(own.get(name) ?? []), given[i + 1] as string]);
  }
  for (const [name, values] of own) headers[name] = values.length === 1 ? (values[0] as string) : values;
  for (const name of OF_THE_BODY) delete headers[name];
  if (body === '') return headers;
  return { ...headers, 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(body)}` };
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (length < MOST_BODY) chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks).toString('utf8');
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { engramDialect } from '../../dialects/engram.ts';
import { memobuildDialect } from '../../dialects/memobuild.ts';
import { reject, TOO_MANY_WAIT } from '../rejection.ts';
import type { ServerContext } from '../server-context.ts';
import type { EventStream } from './events/event-stream.ts';
import { sendEvents } from './events/send-events.ts';
import { emptyAnswer, problemAnswer, textAnswer } from './http-answers.ts';
import type { HttpAnswer } from './http-types.ts';
import { type ReceivedBody, receiveBody } from './receive-body.ts';
import { matchRoute } from './routes.ts';

const MAX_BODY_BYTES = 2 * 1024 * 1024;
const MAX_TARGET_LENGTH = 65_534;
/** Room for a target of the greatest length and as many bytes of headers. */
const MAX_HEADER_BYTES = 256 * 1024;
const COMMON_HEADERS = {
  vary: 'origin, access-control-request-method, access-control-request-headers',
  'access-control-allow-origin': '*',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-xss-protection': '1; mode=block',
};
const PREFLIGHT_HEADERS = { 'access-control-allow-methods': '*', 'access-control-allow-headers': '*' };

/** One request on its way through the server. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  operation: number;
  arrivalNs: number;
  session: number;
}

/** The HTTP side, not yet listening. Idle connections are kept for ever: a client may be slow on purpose. */
export function createHttpServer(context: ServerContext): Server {
  const sessions = new WeakMap<Socket, number>();
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: 0,
      headersTimeout: 0,
      keepAliveTimeout: 0,
      noDelay: true,
    },
    (request, response) => {
      const { operation, arrivalNs } = context.begin('http');
      const session = sessions.get(request.socket) ?? 0;
      const exchange: Exchange = { request, response, operation, arrivalNs, session };
      const withCrc = context.log.enabled;
      receiveBody(request, MAX_BODY_BYTES, withCrc, (body) => answerRequest(context, exchange, body));
    },
  );
  server.on('connection', (socket: Socket) => sessions.set(socket, context.nextSession()));
  return server;
}

function answerRequest(context: ServerContext, exchange: Exchange, body: ReceivedBody): void {
  logArrival(context, exchange, body);
  if (body.aborted) return;
  const { operation, arrivalNs } = exchange;
  const servedNs = context.queue.join(context.nowNs());
  const answer =
    servedNs === undefined
      ? problemAnswer(reject('unavailable', TOO_MANY_WAIT))
      : context.faults.fails(operation)
        ? injectedError()
        : safeAnswer(context, exchange, body);
  if (answer.status >= 500) context.stats.errors++;
  const fromNs = Math.max(arrivalNs, servedNs ?? 0, context.world.store.takeReadyNs());
  context.timer.at(context.faults.dueNs(operation, 0, fromNs), () => send(context, exchange, answer));
}

function injectedError(): HttpAnswer {
  return problemAnswer(reject('internal', 'injected by the error rate of the dev-server'));
}

/** A handler that throws is a defect of ours; it must not end the server in the middle of someone's test. */
function safeAnswer(context: ServerContext, exchange: Exchange, body: ReceivedBody): HttpAnswer {
  try {
    return chooseAnswer(context, exchange, body);
  } catch (thrown) {
    return problemAnswer(reject('internal', `dev-server defect: ${String(thrown)}`));
  }
}

function chooseAnswer(
  { world }: ServerContext,
  { request, operation }: Exchange,
  body: ReceivedBody,
): HttpAnswer {
  const { method = 'GET', url: target = '/', headers } = request;
  if (target.length > MAX_TARGET_LENGTH) return emptyAnswer(414);
  if (method === 'OPTIONS') return emptyAnswer(200, PREFLIGHT_HEADERS);
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const match = matchRoute(method, path);
  if (match.kind === 'unknown') return emptyAnswer(404);
  if (match.kind === 'wrong_method') return emptyAnswer(405, { allow: match.allow });
  if (body.sizeBytes > MAX_BODY_BYTES) {
    return textAnswer(413, 'Failed to buffer the request body: length limit exceeded');
  }
  const query = new URLSearchParams(question < 0 ? '' : target.slice(question + 1));
  return match.handler({ method, path, query, headers, body: body.bytes, id: match.id, operation }, world);
}

function send(context: ServerContext, { request, response }: Exchange, answer: HttpAnswer): void {
  if (response.destroyed) return;
  const body = answer.events ? undefined : bytesOf(answer.body ?? '');
  response.writeHead(answer.status, {
    ...COMMON_HEADERS,
    ...(context.name === undefined ? {} : { 'x-backend': context.name }),
    ...(answer.contentType === undefined ? {} : { 'content-type': answer.contentType }),
    ...(body ? { 'content-length': body.length } : {}),
    ...answer.headers,
  });
  if (request.method === 'HEAD') response.end();
  else if (answer.events) startEvents(context, response, answer.events);
  else response.end(body);
}

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** Events end only with their client or with the server; a stall holds them back. */
function startEvents(
  { faults, timer, nowNs }: ServerContext,
  response: ServerResponse,
  events: EventStream,
): void {
  response.flushHeaders();
  sendEvents(response, events, (resume) => timer.at(faults.afterStallsNs(nowNs()), resume));
}

function logArrival({ log }: ServerContext, exchange: Exchange, body: ReceivedBody): void {
  if (!log.enabled) return;
  const { request, session, arrivalNs } = exchange;
  const { method = 'GET', url: path = '/', rawHeaders } = request;
  const view = { protocol: 'http', method, path, headers: rawHeaders, body: body.bytes } as const;
  log.write({
    op: (path.startsWith('/cache/') ? memobuildDialect : engramDialect).describe(view).op,
    session,
    arrival_ns: arrivalNs,
    protocol: 'http',
    method,
    path,
    body_bytes: body.sizeBytes,
    body_crc32: body.crc32,
    ...(body.aborted ? { aborted: true } : {}),
  });
}

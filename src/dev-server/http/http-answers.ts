import type { Rejection, RejectionReason } from '../rejection.ts';
import type { EventStream } from './events/event-stream.ts';
import type { HttpAnswer } from './http-types.ts';

const PROBLEMS: Readonly<Record<RejectionReason, readonly [number, string]>> = {
  invalid: [400, 'INVALID_MEMORY_INPUT'],
  bad_request: [400, 'BAD_REQUEST'],
  memory_not_found: [404, 'MEMORY_NOT_FOUND'],
  belief_not_found: [404, 'CONSOLIDATION_NOT_FOUND'],
  resource_not_found: [404, 'RESOURCE_NOT_FOUND'],
  unprocessable: [422, 'MEMORY_VALIDATION_ERROR'],
  failed_precondition: [422, 'MEMORY_VALIDATION_ERROR'],
  internal: [500, 'MEMORY_SYSTEM_ERROR'],
  unimplemented: [501, 'NOT_IMPLEMENTED'],
  unavailable: [503, 'MEMORY_CLUSTER_UNAVAILABLE'],
  single_node: [501, 'FEATURE_NOT_ENABLED'],
};

export function jsonAnswer(status: number, value: unknown): HttpAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(value) };
}

/** A refusal of the framework rather than of a handler: plain text. */
export function textAnswer(status: number, text: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: text };
}

export function emptyAnswer(status: number, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, headers };
}

/** A stream of server-sent events. */
export function eventAnswer(events: EventStream): HttpAnswer {
  const headers = { 'cache-control': 'no-cache' };
  return { status: 200, contentType: 'text/event-stream', headers, events };
}

/** A handler's refusal in the server's error shape. */
export function problemAnswer({ rejected, message }: Rejection): HttpAnswer {
  const [status, code] = PROBLEMS[rejected];
  return jsonAnswer(status, {
    error: {
      code,
      message,
      educational_context: 'This answer comes from the development stand-in for Engram.',
      cognitive_guidance: 'Compare the request with the API description and send it again.',
    },
    documentation: {
      api_guide: '/docs/api',
      memory_concepts: '/docs/memory-systems',
      examples: '/docs/examples',
    },
  });
}

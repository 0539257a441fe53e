import { status as Status, type StatusObject } from '../../bundled/grpc-js.ts';
import type { FailureCode, SendOutcome } from '../../replay/ports.ts';

/** Why we ended a call; undefined where we did not. */
export type OwnEnd = 'given_up' | 'deadline' | 'as_recorded' | undefined;

/**
 * Says what became of a call. grpc-js makes up statuses for what never reached a server or never came back whole; those
 * become failures, so that `status` only ever says what the server said. `howFar` tells how far a call had come that we
 * ended.
 */
export function grpcOutcome(
  ended: StatusObject,
  responseBytes: number,
  ownEnd: OwnEnd,
  howFar: string,
): SendOutcome {
  const { code, details } = ended;
  if (code === Status.OK) return { status: 0, ok: true, failure: undefined, detail: '', responseBytes };
  if (!Number.isInteger(code)) {
    // What its filters throw (a compressed message without an encoding) comes without a code.
    const detail = details || 'the answer is none that the client understands';
    return { status: undefined, ok: false, failure: 'bad_response', detail, responseBytes };
  }
  const isOurs = code === Status.CANCELLED && ownEnd !== undefined;
  if (isOurs && ownEnd === 'as_recorded') {
    // The recorded client hung up here too: that is this call's proper end.
    const detail = 'cancelled as recorded';
    return {
      status: Status.CANCELLED,
      ok: true,
      failure: undefined,
      detail,
      responseBytes,
      isCancelled: true,
    };
  }
  if (isOurs) {
    const isLate = ownEnd === 'deadline';
    const detail = isLate ? `the recorded deadline passed: ${howFar}` : howFar;
    return { status: undefined, ok: false, failure: isLate ? 'timeout' : 'cancelled', detail, responseBytes };
  }
  const failure = madeUp(code, details);
  return {
    status: failure === undefined ? code : undefined,
    ok: false,
    failure,
    detail: details,
    responseBytes,
  };
}

/** Gives the failure that a status stands for which no server sent; undefined for one that a server did send. */
function madeUp(code: number, details: string): FailureCode | undefined {
  const found = MADE_UP.find((each) => each.code === code && each.details.test(details));
  return found?.failure;
}

/** In grpc-js's words, the first that fits. Texts alone are not enough: a server may say the same with another code. */
const MADE_UP: readonly { code: number; details: RegExp; failure: FailureCode }[] = [
  {
    code: Status.UNAVAILABLE,
    details: /^No connection established.*(certificate|altname|EPROTO|SSL|TLS)/is,
    failure: 'tls',
  },
  { code: Status.UNAVAILABLE, details: /^No connection established/, failure: 'connect_failed' },
  { code: Status.UNAVAILABLE, details: /^Name resolution failed/, failure: 'connect_failed' },
  { code: Status.UNAVAILABLE, details: /^(Connection dropped|Channel closed)/, failure: 'connection_closed' },
  { code: Status.UNAVAILABLE, details: /(ECONNRESET|ETIMEDOUT)/, failure: 'connection_reset' },
  { code: Status.UNAVAILABLE, details: /^Stream refused by server/, failure: 'connection_reset' },
  { code: Status.CANCELLED, details: /^Call cancelled$/, failure: 'connection_reset' },
  {
    code: Status.RESOURCE_EXHAUSTED,
    details: /^Bandwidth exhausted or memory limit/,
    failure: 'connection_reset',
  },
  { code: Status.PERMISSION_DENIED, details: /^Protocol not secure enough/, failure: 'connection_reset' },
  { code: Status.INTERNAL, details: /^Received RST_STREAM with code 0 /, failure: 'connection_closed' },
  { code: Status.INTERNAL, details: /^Received RST_STREAM with code/, failure: 'connection_reset' },
  { code: Status.INTERNAL, details: /^Failed to start HTTP\/2 stream/, failure: 'connection_closed' },
  {
    code: Status.INTERNAL,
    details: /^(Failed to decompress|Received message that)/,
    failure: 'bad_response',
  },
  {
    code: Status.RESOURCE_EXHAUSTED,
    details: /^Received message that decompresses/,
    failure: 'bad_response',
  },
  { code: Status.UNIMPLEMENTED, details: /^No message received$/, failure: 'bad_response' },
  { code: Status.UNKNOWN, details: /^No status information received/, failure: 'bad_response' },
  ...[Status.INTERNAL, Status.UNAUTHENTICATED, Status.PERMISSION_DENIED, Status.UNIMPLEMENTED].map(
    httpStatusAs,
  ),
  ...[Status.UNAVAILABLE, Status.UNKNOWN].map(httpStatusAs),
];

/** Makes the entry of a gRPC status that stands for an answer of plain HTTP. */
function httpStatusAs(code: number): { code: number; details: RegExp; failure: FailureCode } {
  return { code, details: /^Received HTTP status code \d+/, failure: 'bad_response' };
}

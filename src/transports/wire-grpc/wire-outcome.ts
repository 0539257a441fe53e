import type { FailureCode, SendOutcome } from '../../replay/ports.ts';
import { errorName } from '../../wire/http2/frames.ts';
import type { OwnEnd } from '../answer/grpc-outcome.ts';
import type { GrpcAnswerHead } from './answer-heads.ts';

/** Why a connection ended, for the calls that were open on it. */
export interface ConnectionLoss {
  failure: FailureCode;
  detail: string;
}

/** gRPC's status for an HTTP status without one (its document "HTTP to gRPC Status Code Mapping"). */
const BY_HTTP_STATUS: Readonly<Record<number, string>> = {
  400: 'INTERNAL',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'UNIMPLEMENTED',
  429: 'UNAVAILABLE',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
};

/** Makes the outcome of a call that the server ended with these trailers. `isWhole`: no message was broken off. */
export function answeredOutcome(
  trailers: GrpcAnswerHead,
  responseBytes: number,
  isWhole: boolean,
): SendOutcome {
  const { grpcStatus: status, grpcMessage: detail } = trailers;
  if (status === 0) {
    return isWhole
      ? { status, ok: true, failure: undefined, detail: '', responseBytes }
      : failedOutcome('bad_response', 'the last message of the answer is broken off', responseBytes);
  }
  if (status === undefined) {
    return failedOutcome('connection_closed', 'the answer ended without a grpc-status', responseBytes);
  }
  if (Number.isNaN(status))
    return failedOutcome('bad_response', 'a grpc-status that is no number', responseBytes);
  return { status, ok: false, failure: undefined, detail, responseBytes };
}

/** Says why an answer that begins like this is none of gRPC; undefined where it is one. */
export function strangeHead({ httpStatus, grpcStatus, contentType }: GrpcAnswerHead): string | undefined {
  if (httpStatus === undefined) return 'an answer without a status';
  if (grpcStatus !== undefined) return undefined;
  if (httpStatus !== 200)
    return `HTTP status ${httpStatus} (gRPC ${BY_HTTP_STATUS[httpStatus] ?? 'UNKNOWN'})`;
  if (contentType !== '' && !contentType.startsWith('application/grpc')) {
    return `an answer of the content type ${contentType}`;
  }
  return undefined;
}

/** Makes the outcome of a call whose stream the server reset. Without an error it only stopped in the middle. */
export function resetOutcome(errorCode: number, responseBytes: number): SendOutcome {
  const failure = errorCode === 0 ? 'connection_closed' : 'connection_reset';
  return failedOutcome(failure, `the server reset the stream: ${errorName(errorCode)}`, responseBytes);
}

/** Makes the outcome of a call that we ended; `howFar` says how far it had come. */
export function ownOutcome(
  why: Exclude<OwnEnd, undefined>,
  howFar: string,
  responseBytes: number,
): SendOutcome {
  if (why === 'deadline') {
    return failedOutcome('timeout', `the recorded deadline passed: ${howFar}`, responseBytes);
  }
  if (why === 'given_up') return failedOutcome('cancelled', howFar, responseBytes);
  // The recorded client hung up here too: that is this call's proper end.
  const detail = 'cancelled as recorded';
  return { status: 1, ok: true, failure: undefined, detail, responseBytes, isCancelled: true };
}

export function failedOutcome(failure: FailureCode, detail: string, responseBytes: number): SendOutcome {
  return { status: undefined, ok: false, failure, detail, responseBytes };
}

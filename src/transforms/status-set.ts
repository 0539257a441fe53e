import { EngramTraceError } from '../error.ts';

/** gRPC status names by code (grpc/grpc doc/statuscodes.md). */
const GRPC_NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

type StatusTest = (status: number | undefined) => boolean;

/**
 * Compiles `200`, `5xx`, `400-499`, a gRPC code (`14` or `UNAVAILABLE`) or `none` (no status came). HTTP statuses
 * are 100 to 599 and gRPC codes end at 16, so the number alone tells them apart. Throws `usage` for what is neither.
 */
export function createStatusTest(text: string): StatusTest {
  if (text.toLowerCase() === 'none') return (status) => status === undefined;
  const [low, high] = boundsOf(text);
  return (status) => status !== undefined && status >= low && status <= high;
}

function isHttp(status: number): boolean {
  return status >= 100 && status <= 599;
}

function isGrpc(status: number): boolean {
  return status >= 0 && status < GRPC_NAMES.length;
}

function boundsOf(text: string): [number, number] {
  const range = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(text);
  if (range?.[1] !== undefined) {
    const low = Number(range[1]);
    const high = Number(range[2] ?? range[1]);
    if (low <= high && isHttp(low) === isHttp(high) && [low, high].every((s) => isHttp(s) || isGrpc(s)))
      return [low, high];
  }
  const hundred = /^([1-5])xx$/i.exec(text);
  if (hundred !== null) return [Number(hundred[1]) * 100, Number(hundred[1]) * 100 + 99];
  const code = GRPC_NAMES.indexOf(text.toUpperCase());
  if (code >= 0) return [code, code];
  throw new EngramTraceError('usage', `'${text}' is not a status`, {
    hint: 'write it like 200, 5xx, 400-499 (HTTP, 100 to 599), 14, 1-16, UNAVAILABLE (gRPC) or none',
  });
}

import type { TraceRecord } from '../trace/record/record.ts';
import type { Dialect, RequestView } from './dialect.ts';

const HTTP_METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'CONNECT',
  'TRACE',
]);
const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const MAX_SEGMENTS = 8;
const MAX_SEGMENT_LENGTH = 32;
const MAX_RPC_NAME_LENGTH = 120;
const MAX_PATH_SCANNED = 2048;

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const HEX_ID = /^[0-9a-f]{8,}$/i;
const PLAIN_WORD = /^[A-Za-z][A-Za-z0-9._~-]*$/;
const RPC_PATH = /^\/(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*)\/([A-Za-z_]\w*)$/;
const ORIGIN_FORM = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/;

/** Method and path template for HTTP (`GET /users/:id`), `Service/Method` for gRPC; no spaces. Knows no application. */
export const genericDialect: Dialect = {
  name: 'generic',
  describe: (request) => ({ op: genericOp(request), space: '' }),
  isWrite: isGenericWrite,
};

/** Whether a segment of a path, `at` so many from its start, may stand in an op name as it is. */
export type KeepSegment = (segment: string, at: number, segments: readonly string[]) => boolean;

/** The op name of a request that no better dialect knows: bounded in length, and ids in it folded to `:id`. */
export function genericOp(
  request: Pick<RequestView, 'protocol' | 'method' | 'path'>,
  keep: KeepSegment = (segment) => !isId(segment),
): string {
  return request.protocol === 'grpc'
    ? rpcName(request.path)
    : `${methodName(request.method)} ${pathTemplate(request.path, keep)}`;
}

/** Whether an operation of no known application may change state: everything but HTTP's safe methods. */
export function isGenericWrite(record: Pick<TraceRecord, 'protocol' | 'method'>): boolean {
  return record.protocol === 'grpc' || !READING_METHODS.has(record.method.toUpperCase());
}

/** The path of a request target: no query, no fragment, no scheme and authority. */
export function pathOnly(target: string): string {
  const start = target.startsWith('/') ? target : target.replace(ORIGIN_FORM, '');
  const query = start.indexOf('?');
  const bare = query < 0 ? start : start.slice(0, query);
  const fragment = bare.indexOf('#');
  return fragment < 0 ? bare : bare.slice(0, fragment);
}

function rpcName(path: string): string {
  const match = path.length > 4 * MAX_RPC_NAME_LENGTH ? null : RPC_PATH.exec(path);
  const name = match ? `${match[1]}/${match[2]}` : '';
  return name !== '' && name.length <= MAX_RPC_NAME_LENGTH ? name : 'grpc other';
}

function methodName(method: string): string {
  const upper = method.toUpperCase();
  return HTTP_METHODS.has(upper) ? upper : 'OTHER';
}

function pathTemplate(target: string, keep: KeepSegment): string {
  const path = pathOnly(target).slice(0, MAX_PATH_SCANNED);
  if (path === '*' || path === '') return path === '*' ? '*' : '/';
  const segments = path.split('/').filter((segment) => segment !== '');
  const kept = segments
    .slice(0, MAX_SEGMENTS)
    .map((segment, at) => (keep(segment, at, segments) ? segment : ':id'));
  return `/${kept.join('/')}${segments.length > MAX_SEGMENTS ? '/…' : ''}`;
}

/** What looks made by a machine; in doubt an id, since every kept word may become an op of its own. */
function isId(segment: string): boolean {
  if (segment.length > MAX_SEGMENT_LENGTH || !PLAIN_WORD.test(segment)) return true;
  if (HEX_ID.test(segment) || UUID.test(segment)) return true;
  return digitCount(segment) >= 3;
}

function digitCount(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) count++;
  }
  return count;
}

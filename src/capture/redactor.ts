import type { HeaderList } from '../trace/record.ts';

/** Header and metadata names whose values never reach the disk (lower case; a `-bin` variant counts as the name). */
export const REDACTED_HEADERS: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'apikey',
  'x-apikey',
  'x-auth-token',
  'x-access-token',
  'x-session-token',
  'x-csrf-token',
  'x-amz-security-token',
  'x-goog-api-key',
  'x-forwarded-client-cert',
];

/** Query parameters (lower case, decoded) whose values never reach the disk. */
export const REDACTED_QUERY: readonly string[] = [
  'access_token',
  'api-key',
  'api_key',
  'apikey',
  'auth',
  'auth_token',
  'client_secret',
  'id_token',
  'key',
  'password',
  'refresh_token',
  'secret',
  'sig',
  'signature',
  'token',
  'x-amz-credential',
  'x-amz-security-token',
  'x-amz-signature',
];

/** What stands where a secret was. */
export const REDACTED = '[redacted]';

/** Replaces secrets in what a record keeps of a request. */
export interface Redactor {
  /** `shared`: the same list comes again and again, so the answer is remembered. */
  headers(list: HeaderList, shared: boolean): HeaderList;
  /** A request target: its query, and the user and password of an absolute one. */
  target(target: string): string;
  /** What is replaced, as a trace header tells it: `header:authorization`, `query:api_key`, … */
  readonly names: readonly string[];
}

/** A redactor of the names above and of the caller's. */
export function createRedactor(
  moreHeaders: readonly string[] = [],
  moreQuery: readonly string[] = [],
): Redactor {
  const headerNames = new Set([...REDACTED_HEADERS, ...moreHeaders.map((name) => name.toLowerCase())]);
  const queryNames = new Set([...REDACTED_QUERY, ...moreQuery.map((name) => name.toLowerCase())]);
  const known = new WeakMap<HeaderList, HeaderList>();
  return {
    headers(list, shared) {
      if (!shared) return redactHeaders(list, headerNames);
      let redacted = known.get(list);
      if (redacted === undefined) {
        redacted = redactHeaders(list, headerNames);
        known.set(list, redacted);
      }
      return redacted;
    },
    target: (target) => redactQuery(redactUser(target), queryNames),
    names: [
      ...[...headerNames].map((name) => `header:${name}`),
      ...[...queryNames].map((name) => `query:${name}`),
      'url:userinfo',
    ],
  };
}

function redactHeaders(list: HeaderList, secret: ReadonlySet<string>): HeaderList {
  let copy: string[] | undefined;
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = (list[i] as string).toLowerCase().replace(/-bin$/, '');
    if (!secret.has(name) && !secret.has(`${name}-bin`)) continue;
    copy ??= [...list];
    copy[i + 1] = REDACTED;
  }
  return copy ?? list;
}

function redactUser(target: string): string {
  if (target.startsWith('/')) return target;
  return target.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/?#]*@/, `$1${REDACTED}@`);
}

function redactQuery(target: string, secret: ReadonlySet<string>): string {
  const mark = target.indexOf('?');
  if (mark < 0) return target;
  const parts = target.slice(mark + 1).split(/([&;])/);
  let isChanged = false;
  for (let i = 0; i < parts.length; i += 2) {
    const part = parts[i] as string;
    const equals = part.indexOf('=');
    if (equals < 0 || !secret.has(decodeName(part.slice(0, equals)))) continue;
    parts[i] = `${part.slice(0, equals + 1)}${REDACTED}`;
    isChanged = true;
  }
  return isChanged ? target.slice(0, mark + 1) + parts.join('') : target;
}

/** A parameter's name as a server reads it; one that can't be decoded is taken as it is. */
function decodeName(name: string): string {
  if (!/[%+]/.test(name)) return name.toLowerCase();
  try {
    return decodeURIComponent(name.replaceAll('+', ' ')).trim().toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}

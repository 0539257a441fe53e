import type { HeaderList } from '../trace/record.ts';
import { comparableName, isSecretName, REDACTED, redactUrl } from './redact-url.ts';
import { remember } from './remember.ts';

/** Header and metadata names whose values never reach the disk (any case, `-` or `_`, with or without `-bin`). */
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
  'authentication',
  'x-authorization',
  'x-vault-token',
  'private-token',
  'x-secret',
  'x-id-token',
  'x-xsrf-token',
];

/** Headers whose value is a URL or part of one, redacted like the target. */
export const URL_HEADERS: readonly string[] = [
  'referer',
  'location',
  'content-location',
  'destination',
  'host',
  'origin',
  ':authority',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-forwarded-uri',
  'x-forwarded-url',
  'x-envoy-original-path',
];

/** Query and fragment parameters (any case, decoded, with or without `-`, `_` and brackets) whose values never reach the disk. */
export const REDACTED_QUERY: readonly string[] = [
  'access_token',
  'api-key',
  'api_key',
  'apikey',
  'auth',
  'auth_token',
  'authorization',
  'bearer',
  'client_secret',
  'credential',
  'credentials',
  'id_token',
  'jwt',
  'key',
  'passwd',
  'password',
  'refresh_token',
  'secret',
  'session_id',
  'sig',
  'signature',
  'token',
  'x-amz-credential',
  'x-amz-security-token',
  'x-amz-signature',
];

const PROTOCOL_HEADER = 'sec-websocket-protocol';

/** Replaces secrets in what a record keeps of a request. */
export interface Redactor {
  /** `shared`: the same list comes again and again, so the answer is remembered. */
  headers(list: HeaderList, shared: boolean): HeaderList;
  /** A request target: its parameters, and user and password. */
  target(target: string): string;
  /** What is replaced, as a trace header tells it: `header:authorization`, `query:api_key`, … */
  readonly names: readonly string[];
}

/** A redactor of the names above and of the caller's. */
export function createRedactor(
  moreHeaders: readonly string[] = [],
  moreQuery: readonly string[] = [],
): Redactor {
  const headerNames = [...REDACTED_HEADERS, ...moreHeaders.map((name) => name.toLowerCase())];
  const queryNames = [...REDACTED_QUERY, ...moreQuery.map((name) => name.toLowerCase())];
  const secretParameters = new Set(queryNames.map(comparableName));
  const isSecret = remember((name) => isSecretName(name, secretParameters));
  const redactValue = valueRedactor(headerNames, isSecret);
  const known = new WeakMap<HeaderList, HeaderList>();
  return {
    headers(list, shared) {
      if (!shared) return redactHeaders(list, redactValue);
      let redacted = known.get(list);
      if (redacted === undefined) {
        redacted = redactHeaders(list, redactValue);
        known.set(list, redacted);
      }
      return redacted;
    },
    target: (target) => redactUrl(target, isSecret, true),
    names: [
      ...new Set([
        ...headerNames.map((name) => `header:${name}`),
        ...queryNames.map((name) => `query:${name}`),
        ...URL_HEADERS.map((name) => `url:${name}`),
        'url:userinfo',
        `bearer:${PROTOCOL_HEADER}`,
      ]),
    ],
  };
}

type RedactValue = (name: string, value: string) => string;

function redactHeaders(list: HeaderList, redactValue: RedactValue): HeaderList {
  let copy: string[] | undefined;
  for (let i = 0; i + 1 < list.length; i += 2) {
    const value = list[i + 1] as string;
    const redacted = redactValue(list[i] as string, value);
    if (redacted === value) continue;
    copy ??= [...list];
    copy[i + 1] = redacted;
  }
  return copy ?? list;
}

/** Redacts a value as its name asks for. */
function valueRedactor(
  secretHeaders: readonly string[],
  isSecret: (parameter: string) => boolean,
): RedactValue {
  const rules = new Map<string, (value: string) => string>();
  for (const name of URL_HEADERS)
    rules.set(comparableHeader(name), (value) => redactUrl(value, isSecret, false));
  rules.set(comparableHeader(PROTOCOL_HEADER), (value) => redactProtocols(value, isSecret));
  for (const name of secretHeaders) rules.set(comparableHeader(name), () => REDACTED);
  const ruleOf = remember((name) => rules.get(comparableHeader(name)));
  return (name, value) => ruleOf(name)?.(value) ?? value;
}

function comparableHeader(name: string): string {
  return comparableName(name.replace(/-bin$/i, ''));
}

/** Browsers can send a token to a WebSocket only as a protocol: `bearer, <token>` or `….bearer.….<token>`. */
function redactProtocols(value: string, isSecret: (name: string) => boolean): string {
  let isBehindName = false;
  return value
    .split(',')
    .map((protocol) => {
      const name = comparableName(protocol);
      if (isBehindName || (name !== 'bearer' && name.includes('bearer')))
        return protocol.replace(/\S.*/, REDACTED);
      isBehindName = isSecret(name);
      return protocol;
    })
    .join(',');
}

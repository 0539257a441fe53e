import { REDACTED } from '../../trace/record/redacted.ts';
import { redactLiterals } from './redact-literals.ts';
import { looksSecret, redactShapes, saysNothing } from './secret-values.ts';
import { LONG_CHARS, mayHoldShape } from './shape-gate.ts';

/**
 * What a name says of the value behind it: `secret`; `keep`, whatever it looks like; `maybe`, an ordinary word that
 * some use for secrets (`code`); `plain`.
 */
export type NameVerdict = 'secret' | 'keep' | 'maybe' | 'plain';

/** Knows names as they are sent, percent-encoding and all. */
export type NameRule = (name: string) => NameVerdict;

/** How often a value may be percent-encoded, one around the other. */
const MAX_NESTING = 3;

/**
 * A URL or request target without its secrets: user and password, the values of parameters in path (`;jsessionid=…`),
 * query and fragment that `rule` calls secret, and what is one by its shape. `isTarget`: a path that begins with two
 * slashes is a path, no host. All of it takes time in proportion to the length, whatever a client sends.
 */
export function redactUrl(url: string, rule: NameRule, isTarget: boolean): string {
  const mark = earlier(url.indexOf('?'), url.indexOf('#'));
  const front = mark < 0 ? url : url.slice(0, mark);
  const path = redactPath(redactUser(front, isTarget), rule, url);
  if (mark < 0) return path;
  const text = url.slice(mark + 1);
  return path + url.charAt(mark) + redactPairs(text, contextOf(text, rule, url, MAX_NESTING));
}

/** Redacts a text that may hold pairs of name and value (`a=1; token=…`), URLs, or a secret of known shape. */
export function redactText(text: string, rule: NameRule): string {
  return redactPairs(text, contextOf(text, rule, text, MAX_NESTING));
}

interface Context {
  readonly rule: NameRule;
  /** Whether `code` and `state` are those of a login; asked only where there are such. */
  readonly isLogin: () => boolean;
  /** How many more layers of encoding are looked through. */
  readonly depth: number;
  /** Whether any part may hold a secret by its shape; of a long text, each part is asked. */
  readonly mayHoldShapes: boolean;
}

/** Makes the context that a text is redacted in; `whole` is what the text is a part of. */
function contextOf(text: string, rule: NameRule, whole: string, depth: number): Context {
  const mayHoldShapes = text.length > LONG_CHARS || text.includes('://') || mayHoldShape(text);
  return { rule, isLogin: loginIn(whole), depth, mayHoldShapes };
}

const USER = /^((?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\/)?[^/?#]*@/;

/** Redacts the user and password in a URL, or in an authority alone (`CONNECT user:password@host:443`). */
function redactUser(url: string, isTarget: boolean): string {
  if (!url.includes('@') || (isTarget && url.startsWith('/'))) return url;
  return url.replace(USER, `$1${REDACTED}@`);
}

/** Parameters of path segments (RFC 3986, 3.3), their marks percent-encoded or not; and segments that are a pair. */
const PATH_PARAMETER = /(;|%3B|\/)((?:(?!%3B|%3D)[^;=/])*)(=|%3D)((?:(?!%3B)[^;/])*)/gi;

function redactPath(path: string, rule: NameRule, url: string): string {
  const hasParameters = path.includes('=') || (path.includes('%') && /%3d/i.test(path));
  return redactShapes(hasParameters ? redactPathParameters(path, rule, url) : path);
}

function redactPathParameters(path: string, rule: NameRule, url: string): string {
  const context = contextOf(path, rule, url, 0);
  return path.replace(PATH_PARAMETER, (whole, mark: string, name: string, equals: string, value: string) =>
    isSecretPair(rule(name), value, context) ? `${mark}${name}${equals}${REDACTED}` : whole,
  );
}

/** Redacts pairs that are separated by `&` or `;`. */
function redactPairs(text: string, context: Context): string {
  let done = '';
  let doneTo = 0;
  let isBehindSecret = false;
  let [and, semicolon] = [-1, -1];
  for (let from = 0; from <= text.length; ) {
    if (and < from) and = positionOf('&', text, from);
    if (semicolon < from) semicolon = positionOf(';', text, from);
    const to = Math.min(and, semicolon);
    const part = text.slice(from, to);
    // To a server that separates by & alone, this is more of the secret.
    const isMore: boolean = isBehindSecret && text[from - 1] === ';' && !part.includes('=');
    const redacted: string = isMore ? '' : redactPart(part, context);
    if (redacted !== part) {
      done += text.slice(doneTo, isMore ? from - 1 : from) + redacted;
      doneTo = to;
    }
    if (!isMore) isBehindSecret = redacted !== part && redacted.endsWith(REDACTED);
    from = to + 1;
  }
  return doneTo === 0 ? text : done + text.slice(doneTo);
}

/** A native search, which leaps over vectors of thousands of numbers; the text's end where there is none. */
function positionOf(separator: string, text: string, from: number): number {
  const at = text.indexOf(separator, from);
  return at < 0 ? text.length : at;
}

function earlier(a: number, b: number): number {
  return a < 0 || (b >= 0 && b < a) ? b : a;
}

/** A field of JSON with a text or number; the sizes bound what one try costs. */
const JSON_FIELD = /"([^"\\]{1,128})"(\s{0,8}:\s{0,8})("(?:[^"\\]|\\.)*|-?[0-9][^,}\]\s]*)/g;

/** Redacts the fields of JSON or GraphQL that stands in a parameter; JSON stays JSON. */
function redactFields(part: string, context: Context): string {
  const text = part.replace(JSON_FIELD, (whole, name: string, colon: string, value: string) => {
    const isQuoted = value.startsWith('"');
    const bare = isQuoted ? value.slice(1) : value;
    const isSecret = bare !== REDACTED && isSecretPair(context.rule(name), bare, context);
    return isSecret ? `"${name}"${colon}"${REDACTED}${isQuoted ? '' : '"'}` : whole;
  });
  return redactLiterals(text, (name) => context.rule(name) === 'secret');
}

/** Redacts one parameter. Behind a secret name everything to the end is secret. */
function redactPart(sent: string, context: Context): string {
  const part = sent.includes('"') ? redactFields(sent, context) : sent;
  let from = 0;
  for (let equals = part.indexOf('='); equals >= 0; equals = part.indexOf('=', from)) {
    const name = lastName(part, from, equals);
    const verdict = name === '' ? 'plain' : context.rule(name);
    if (verdict === 'keep') return sent;
    from = equals + 1;
    if (verdict !== 'plain' && isSecretPair(verdict, part.slice(from), context))
      return part.slice(0, from) + REDACTED;
  }
  const isEncoded = context.depth > 0 && part.includes('%');
  if (isEncoded && isSecretInside(part.slice(from), context)) return part.slice(0, from) + REDACTED;
  return context.mayHoldShapes ? redactShapesIn(part) : part;
}

/** Name and value apart, so that the letters of a name are no reason to look closely at a long vector of numbers. */
function redactShapesIn(part: string): string {
  const end = part.indexOf('=') + 1;
  if (end === 0) return redactShapes(part);
  const [name, value] = [part.slice(0, end), part.slice(end)];
  const [cleanName, cleanValue] = [redactShapes(name), redactShapes(value)];
  return cleanName === name && cleanValue === value ? part : cleanName + cleanValue;
}

/** Bytes that may stand in front of a name: one parameter can hold a URL or a list of its own (`next=/a?token=…`). */
const NAME_STARTS = new Uint8Array(128);
for (const each of '?#,/ \t\r\n"\'<>(){}|') NAME_STARTS[each.charCodeAt(0)] = 1;

function lastName(text: string, from: number, to: number): string {
  let end = to;
  while (end > from && text[end - 1] === ' ') end--;
  let start = end;
  while (start > from && NAME_STARTS[text.charCodeAt(start - 1)] !== 1) start--;
  return text.slice(start, end);
}

function isSecretPair(verdict: NameVerdict, value: string, context: Context): boolean {
  if (verdict === 'secret') return !saysNothing(value);
  return verdict === 'maybe' && value !== '' && (looksSecret(value) || context.isLogin());
}

/** Parameters and paths of OAuth and OpenID Connect, in whose company `code` and `state` let somebody in. */
const LOGIN =
  /[?&#;](?:client_id|redirect_uri|grant_type|response_type|code_verifier|code_challenge|session_state|iss)=|[?&#;]scope=openid\b|\/(?:auth[-_]?)?callback\b|\/(?:oauth2?|oidc|sso|signin|login|authorize)\b/i;

function loginIn(text: string): () => boolean {
  let isLogin: boolean | undefined;
  return () => {
    isLogin ??= LOGIN.test(text) || (/[?&#;]code=/.test(text) && /[?&#;]state=/.test(text));
    return isLogin;
  };
}

/** Whether a value holds something secret once it is decoded; it goes as a whole then. */
function isSecretInside(value: string, { rule, depth }: Context): boolean {
  if (!hasEncodedMark(value) && !mayHoldShape(value)) return false;
  const decoded = decodedText(value);
  return redactPairs(decoded, contextOf(decoded, rule, decoded, depth - 1)) !== decoded;
}

/** `=` or `:` percent-encoded (`%3D`, `%253a`), or `:` behind an encoded quote. Numbers have many a 3 and %, and few of these letters. */
function hasEncodedMark(text: string): boolean {
  if (text.includes('22:')) return true;
  return ['D', 'd', 'A', 'a'].some((letter) => {
    for (let at = text.indexOf(letter, 2); at >= 0; at = text.indexOf(letter, at + 1))
      if (text[at - 1] === '3') return true;
    return false;
  });
}

/** A name or value as a server reads it. One that is no UTF-8 or half encoded is decoded as far as it goes. */
export function decodedText(text: string): string {
  if (!/[%+]/.test(text)) return text;
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
}

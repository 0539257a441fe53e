import type { HeaderList } from '../../trace/record/record.ts';
import { REDACTED } from '../../trace/record/redacted.ts';
import { createHeaderRule, URL_HEADERS } from './header-rule.ts';
import { comparableName, type NameFlags } from './name-rules.ts';
import { createParameterRule } from './parameter-rule.ts';
import { redactCredentials } from './redact-credentials.ts';
import { redactJson } from './redact-json.ts';
import { type NameRule, redactText, redactUrl } from './redact-url.ts';
import { remember } from './remember.ts';
import { VALUE_SHAPES } from './secret-values.ts';
import { SECRET_WORDS } from './secret-words.ts';

/** What the user adds to the names of secrets, and takes out of them. Names and globs. */
export interface RedactorOptions {
  readonly headers?: NameFlags | undefined;
  /** The names of parameters of queries and paths, and of fields in bodies. */
  readonly parameters?: NameFlags | undefined;
}

/** The names that browsers give themselves are up to this long. */
const MAX_AGENT_CHARS = 256;

/** Replaces the secrets in the parts of a request that a record keeps. */
export interface Redactor {
  /** `shared`: the same list comes again and again, so the answer is remembered. */
  headers(list: HeaderList, shared: boolean): HeaderList;
  /** A request target: its parameters, and user and password. */
  target(target: string): string;
  /** The names of what is replaced, as the header of a trace lists them: `header:authorization`, `query:api_key`, … */
  readonly names: readonly string[];
}

/** A redactor of secrets by the words in names, by the shape of values, and by the caller's names. */
export function createRedactor(options: RedactorOptions = {}): Redactor {
  const { headers: headerFlags = {}, parameters: parameterFlags = {} } = options;
  const rule = createParameterRule(parameterFlags, 'query');
  const redactValue = valueRedactor(headerFlags, rule);
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
    target: (target) => redactUrl(target, rule, true),
    names: redactedNames(headerFlags, parameterFlags),
  };
}

/** Words, not names: whatever holds one is replaced. What the user named is told as it was given. */
function redactedNames(headers: NameFlags, parameters: NameFlags): string[] {
  const lower = (names: readonly string[] | undefined = []): string[] =>
    names.map((name) => name.toLowerCase());
  const headerNames = [...SECRET_WORDS, ...lower(headers.redact)];
  const queryNames = [...SECRET_WORDS.map((word) => word.replaceAll('-', '_')), 'key'];
  const tell = (kind: string, names: readonly string[]): string[] => names.map((name) => `${kind}:${name}`);
  return [
    ...new Set([
      ...tell('header', headerNames),
      ...tell('query', [...queryNames, ...lower(parameters.redact)]),
      ...tell('url', ['userinfo', ...URL_HEADERS]),
      ...tell('value', VALUE_SHAPES),
      ...tell('kept-header', lower(headers.keep)),
      ...tell('kept-query', lower(parameters.keep)),
    ]),
  ];
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

/** Makes a function that redacts a value where its name, or the value itself, says that it is secret. */
function valueRedactor(flags: NameFlags, rule: NameRule): RedactValue {
  const verdictOf = createHeaderRule(flags);
  const redactHost = remember((value) => redactUrl(value, rule, false));
  const redactValueText = (value: string): string =>
    redactCredentials(redactText(redactJsonIn(value, rule), rule), rule);
  const redactRepeated = remember(redactValueText, MAX_AGENT_CHARS);
  return (name, value) => {
    switch (verdictOf(name)) {
      case 'keep':
        return value;
      case 'secret':
        return REDACTED;
      case 'host':
        return redactHost(value);
      case 'repeated':
        return redactRepeated(value);
      case 'url':
        return redactUrl(value, rule, false);
      case 'protocols':
        return redactProtocols(value, rule);
      default:
        return redactValueText(value);
    }
  };
}

function redactJsonIn(value: string, rule: NameRule): string {
  return /"\s*:/.test(value) ? redactJson(Buffer.from(value), rule).toString() : value;
}

/** Browsers can send a token to a WebSocket only as a protocol: `bearer, <token>` or `….bearer.….<token>`. */
function redactProtocols(value: string, rule: NameRule): string {
  let isBehindName = false;
  return value
    .split(',')
    .map((protocol) => {
      const name = comparableName(protocol);
      if (isBehindName || (name !== 'bearer' && name.includes('bearer')))
        return protocol.replace(/\S.*/, REDACTED);
      isBehindName = rule(name) === 'secret';
      return protocol;
    })
    .join(',');
}

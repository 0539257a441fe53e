import { REDACTED } from '../../trace/record/redacted.ts';
import { comparableName } from './name-rules.ts';
import type { NameRule } from './redact-url.ts';
import { saysNothing } from './secret-values.ts';

/** Schemes of authentication whose names hold no word of a secret. */
const SCHEMES = new Set(['ssws', 'hawk', 'mac', 'ssokey', 'geniekey', 'splunk', 'snowflake']);
/** A value that is a word and one thing behind it, and no more. */
const SCHEME = /^(\s{0,8}([A-Za-z][\w.-]{0,63})\s{1,8})([^\s,;:=]{6,})\s{0,8}$/;
/** A name, a colon, and what stands up to the next blank or mark; the sizes bound what one try costs. */
const COLON_PAIR = /(?<![\w.-])([A-Za-z][\w.-]{0,63})(\s{0,4}:(?!\/\/)\s{0,4})([^\s,;"'{}[\]]+)/g;

/**
 * A header's value without credentials behind the name of a scheme (`Token …`, `ApiKey …`), where a digit shows that it is
 * no ordinary text, and without values behind a secret name and a colon (`password: …`).
 */
export function redactCredentials(value: string, rule: NameRule): string {
  const isSecret = (name: string): boolean => rule(name) === 'secret';
  const text = value.replace(SCHEME, (whole, front: string, scheme: string, credential: string) => {
    const isScheme = SCHEMES.has(comparableName(scheme)) || isSecret(scheme);
    return isScheme && /[0-9]/.test(credential) ? front + REDACTED : whole;
  });
  if (!text.includes(':')) return text;
  return text.replace(COLON_PAIR, (whole, name: string, colon: string, secret: string) =>
    isSecret(name) && !saysNothing(secret) ? name + colon + REDACTED : whole,
  );
}

import { REDACTED } from '../../trace/record/redacted.ts';
import { decodedText, type NameRule, redactText } from './redact-url.ts';
import { looksSecret, saysNothing } from './secret-values.ts';

/** A form (`application/x-www-form-urlencoded`) whose secret fields hold `[redacted]`; the same bytes where there is none. */
export function redactForm(bytes: Buffer, rule: NameRule): Buffer {
  const text = bytes.toString('latin1');
  const isLogin = /(?:^|&)(?:grant_type|client_id|redirect_uri)=/.test(text);
  // A form is separated by & alone, so a semicolon is a part of the value.
  const fields = text.split('&').map((field) => redactField(field, rule, isLogin));
  const clean = fields.join('&');
  return clean === text ? bytes : Buffer.from(clean, 'latin1');
}

function redactField(field: string, rule: NameRule, isLogin: boolean): string {
  const end = field.indexOf('=') + 1;
  const verdict = end === 0 ? 'plain' : rule(field.slice(0, end - 1));
  const value = field.slice(end);
  if (verdict === 'keep') return field;
  const isSecret =
    (verdict === 'secret' && !saysNothing(value)) ||
    (verdict === 'maybe' && value !== '' && (isLogin || looksSecret(value)));
  if (isSecret) return field.slice(0, end) + REDACTED;
  const plain = decodedText(value);
  return redactText(plain, rule) === plain ? field : field.slice(0, end) + REDACTED;
}

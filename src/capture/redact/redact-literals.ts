import { REDACTED } from '../../trace/record/redacted.ts';
import { saysNothing } from './secret-values.ts';

/** A name, a colon and a text in quotes, as in GraphQL and JavaScript; the sizes bound what one try costs. */
const LITERAL =
  /(?<![\w.$-])(['"]?)([A-Za-z_][\w-]{0,63})\1(\s{0,8}:\s{0,8})("""[\s\S]*?(?:"""|$)|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)/g;

/** A text without quoted values behind a secret name and a colon: `login(password: "…")`. */
export function redactLiterals(text: string, isSecret: (name: string) => boolean): string {
  return text.replace(LITERAL, (whole, quote: string, name: string, colon: string, value: string) => {
    const mark = /^(?:"""|"|')/.exec(value)?.[0] ?? '';
    const bare = value.slice(mark.length, value.endsWith(mark) ? -mark.length : undefined);
    if (bare === REDACTED || saysNothing(bare) || !isSecret(name)) return whole;
    return `${quote}${name}${quote}${colon}${mark}${REDACTED}${mark}`;
  });
}

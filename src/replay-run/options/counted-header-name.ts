import { EngramTraceError } from '../../error.ts';

/** The name of a header to count answers by, in lower case. Throws `usage` for what is no name. */
export function countedHeaderName(text: string): string {
  const name = text.trim().replace(/:$/, '');
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return name.toLowerCase();
  throw new EngramTraceError('usage', `'${text}' is not the name of a header`, {
    hint: 'such as x-served-by, without a value',
  });
}

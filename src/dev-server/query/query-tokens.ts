import { type Rejection, reject } from '../rejection.ts';

export type QueryToken =
  | { kind: 'word'; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'number'; value: number }
  | { kind: 'symbol'; text: string };

const TOKEN =
  /\s+|"((?:[^"\\]|\\.)*)"|(-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|([[\],()<>])/y;
const MAX_QUERY_LENGTH = 1 << 20;

/** Cuts query text into tokens; refuses characters that begin none. */
export function tokenizeQuery(text: string): QueryToken[] | Rejection {
  if (text.length > MAX_QUERY_LENGTH) return reject('bad_request', 'query is too long');
  const tokens: QueryToken[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match) return reject('bad_request', `unexpected character at position ${at}`);
    const token = tokenOf(match);
    if (token) tokens.push(token);
  }
  return tokens;
}

function tokenOf(match: RegExpExecArray): QueryToken | undefined {
  const [, quoted, number, word, symbol] = match;
  if (quoted !== undefined) return { kind: 'text', text: quoted.replace(/\\(.)/g, '$1') };
  if (number !== undefined) return { kind: 'number', value: Number(number) };
  if (word !== undefined) return { kind: 'word', text: word };
  return symbol === undefined ? undefined : { kind: 'symbol', text: symbol };
}

import { type Rejection, reject } from '../rejection.ts';
import type { QueryToken } from './query-tokens.ts';

/** A position in a list of tokens; each `take…` moves on only when it finds what it names. */
export class QueryCursor {
  readonly #tokens: readonly QueryToken[];
  #at = 0;

  constructor(tokens: readonly QueryToken[]) {
    this.#tokens = tokens;
  }

  takeWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    return this.#advance(token?.kind === 'word' && token.text === word);
  }

  takeSymbol(symbol: string): boolean {
    const token = this.#tokens[this.#at];
    return this.#advance(token?.kind === 'symbol' && token.text === symbol);
  }

  takeNumber(): number | undefined {
    const token = this.#tokens[this.#at];
    return token?.kind === 'number' && this.#advance(true) ? token.value : undefined;
  }

  takeText(): string | undefined {
    const token = this.#tokens[this.#at];
    return token?.kind === 'text' && this.#advance(true) ? token.text : undefined;
  }

  takeIdentifier(): string | undefined {
    const token = this.#tokens[this.#at];
    return token?.kind === 'word' && this.#advance(true) ? token.text : undefined;
  }

  /** A refusal that says what was wanted and what is there. */
  expected(what: string): Rejection {
    const token = this.#tokens[this.#at];
    const found =
      token === undefined ? 'the end of the query' : `"${'text' in token ? token.text : token.value}"`;
    return reject('bad_request', `expected ${what}, found ${found}`);
  }

  #advance(found: boolean): boolean {
    if (found) this.#at++;
    return found;
  }
}

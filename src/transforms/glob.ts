/**
 * Compiles a glob over paths: `*` is any run of characters but `/`, `**` any run at all, `?` one character but `/`;
 * everything else is itself. Matching takes time in proportion to the product of the lengths, whatever the pattern.
 */
export function createGlob(pattern: string): (text: string) => boolean {
  const literal = /^[^*?]*/.exec(pattern)?.[0] ?? '';
  if (literal === pattern) return (text) => text === pattern;
  const tokens = tokensOf(pattern.slice(literal.length));
  const matchRest = createMatcher(tokens);
  return (text) => text.startsWith(literal) && matchRest(text, literal.length);
}

function tokensOf(pattern: string): string[] {
  const tokens = pattern.match(/\*{2,}|[\s\S]/g) ?? [];
  return tokens.map((token) => (token.length > 1 ? '**' : token));
}

/** Keeps the set of tokens that may come next while the text goes by, so there is nothing to backtrack to. */
function createMatcher(tokens: readonly string[]): (text: string, from: number) => boolean {
  let states = new Uint8Array(tokens.length + 1);
  let next = new Uint8Array(tokens.length + 1);
  return (text, from) => {
    states.fill(0);
    enter(tokens, states, 0);
    for (let at = from; at < text.length; at++) {
      next.fill(0);
      step(tokens, states, next, text.charAt(at));
      [states, next] = [next, states];
    }
    return states[tokens.length] === 1;
  };
}

function step(tokens: readonly string[], states: Uint8Array, next: Uint8Array, character: string): void {
  for (let i = 0; i < tokens.length; i++) {
    if (states[i] === 1 && accepts(tokens[i], character)) enter(tokens, next, isStar(tokens[i]) ? i : i + 1);
  }
}

/** A star may stand for nothing, so what follows it may come at once too. */
function enter(tokens: readonly string[], states: Uint8Array, first: number): void {
  let i = first;
  states[i] = 1;
  while (isStar(tokens[i])) states[++i] = 1;
}

function accepts(token: string | undefined, character: string): boolean {
  if (token === '**') return true;
  if (token === '*' || token === '?') return character !== '/';
  return token === character;
}

function isStar(token: string | undefined): boolean {
  return token === '*' || token === '**';
}

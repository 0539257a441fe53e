import { remember } from './remember.ts';

/** What the user said of names, beyond the words that make one a secret's. Names and globs (`*`, `?`). */
export interface NameFlags {
  readonly redact?: readonly string[] | undefined;
  readonly keep?: readonly string[] | undefined;
}

/**
 * What flags say of a name: a name given in full beats a glob, and of two that are alike `redact` beats `keep`;
 * undefined where no flag speaks of it.
 */
export type FlagRule = (name: string) => 'redact' | 'keep' | undefined;

/** A name as flags are compared with it: lower case, without `-`, `_` and the space around it. */
export function comparableName(name: string): string {
  return name.trim().toLowerCase().replace(/[-_]/g, '');
}

/** Rules that remember their answers, for the same few names come all day. */
export function createFlagRule({ redact = [], keep = [] }: NameFlags): FlagRule {
  const flags = [
    ...[...redact].map((text) => ({ text, says: 'redact' as const })),
    ...[...keep].map((text) => ({ text, says: 'keep' as const })),
  ].sort((a, b) => Number(isGlob(a.text)) - Number(isGlob(b.text)));
  if (flags.length === 0) return () => undefined;
  const rules = flags.map(({ text, says }) => ({ says, pattern: patternOf(text) }));
  return remember((name) => {
    const comparable = comparableName(name);
    // What is outside or inside of brackets is a name too: `token[]`, `user[token]`.
    const names = comparable.includes('[') ? [comparable, ...comparable.split(/[[\]]+/)] : [comparable];
    return rules.find(({ pattern }) => names.some((each) => pattern.test(each)))?.says;
  });
}

function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

function patternOf(text: string): RegExp {
  const escaped = comparableName(text).replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}

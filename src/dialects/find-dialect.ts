import { EngramTraceError } from '../error.ts';
import type { Dialect } from './dialect.ts';
import { engramDialect } from './engram.ts';
import { genericDialect } from './generic.ts';
import { memobuildDialect } from './memobuild.ts';

/** All dialects that this program knows. */
export const DIALECTS: readonly Dialect[] = [engramDialect, memobuildDialect, genericDialect];

/** Names that `findDialect` knows, for help texts. */
export const DIALECT_NAMES: readonly string[] = DIALECTS.map((dialect) => dialect.name);

/** The dialect of that name; a `usage` error when there is none. */
export function findDialect(name: string): Dialect {
  const found = DIALECTS.find((dialect) => dialect.name === name);
  if (found) return found;
  throw new EngramTraceError('usage', `unknown dialect "${name}"`, {
    hint: `Use one of: ${DIALECT_NAMES.join(', ')}.`,
  });
}

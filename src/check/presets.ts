import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngramTraceError } from '../error.ts';
import { didYouMean } from '../nearest.ts';
import { readLimitsFile } from './limits-file.ts';
import type { LimitWords } from './parse-limit.ts';

/** The folder of limits that comes with the package. */
const FOLDER = fileURLToPath(new URL('../../../limits/', import.meta.url));

/** Names of the limits that come with the package. */
export function presetNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.toml'))
    .map((file) => file.slice(0, -'.toml'.length))
    .sort();
}

/** The limits of this name; throws `usage` for an unknown one. */
export function presetLimits(name: string): LimitWords[] {
  const names = presetNames();
  if (names.includes(name)) return readLimitsFile(readFileSync(join(FOLDER, `${name}.toml`), 'utf8'), name);
  throw new EngramTraceError('usage', `no limits are named ${name}`, {
    hint: didYouMean(name, names, `known: ${names.join(', ')}; --limits FILE reads a file`),
  });
}

import { readFileSync } from 'node:fs';
import { EngramTraceError } from '../../error.ts';
import { didYouMean } from '../../nearest.ts';
import { isTomlTable, parseToml, type TomlTable } from '../../parse-toml.ts';

/** Values of one command from a configuration file: its section over the keys at the top. */
export type ConfigValues = ReadonlyMap<string, { readonly value: unknown; readonly where: string }>;

/** Flags that every command has: the only ones that may stand outside a section. */
const EVERYWHERE = ['quiet'];

/**
 * Reads a TOML file: a section `[replay]` holds for that command, `quiet` may stand outside all sections. Keys are
 * flag names, with `-` or `_`. Unknown sections, and unknown keys of this command's section, throw `usage`.
 */
export function readConfig(
  file: string,
  command: string,
  flags: readonly string[],
  commands: readonly string[],
): ConfigValues {
  const values = new Map<string, { value: unknown; where: string }>();
  const document = parseFile(file);
  for (const [key, value] of Object.entries(document)) {
    if (isTomlTable(value)) {
      requireKnown(key, commands, 'section', file);
    } else {
      const name = dashed(key);
      requireKnown(name, EVERYWHERE, 'key outside a section', file);
      if (flags.includes(name)) values.set(name, { value, where: `${file}, ${key}` });
    }
  }
  const section = document[command];
  for (const [key, value] of Object.entries(isTomlTable(section) ? section : {})) {
    requireKnown(dashed(key), flags, `key in [${command}]`, file);
    values.set(dashed(key), { value, where: `${file}, [${command}] ${key}` });
  }
  return values;
}

function parseFile(file: string): TomlTable {
  const where = `configuration file ${file}`;
  try {
    return parseToml(readFileSync(file, 'utf8'), where);
  } catch (thrown) {
    throw EngramTraceError.from(thrown, 'usage', { where });
  }
}

function requireKnown(name: string, known: readonly string[], kind: string, file: string): void {
  if (known.includes(name)) return;
  throw new EngramTraceError('usage', `unknown ${kind} '${name}'`, {
    where: `configuration file ${file}`,
    hint: didYouMean(name, known, `known: ${known.join(', ')}`),
  });
}

function dashed(key: string): string {
  return key.replaceAll('_', '-');
}

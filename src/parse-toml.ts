import { parse, TomlError } from 'smol-toml';
import { EngramTraceError } from './error.ts';

/** A table of TOML as it was read. */
export type TomlTable = Record<string, unknown>;

/** Reads TOML; `where` names the file in the `usage` error for what is none. */
export function parseToml(text: string, where: string): TomlTable {
  try {
    return parse(text);
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw EngramTraceError.from(thrown, 'usage', { where });
    const reason = thrown.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? '';
    throw new EngramTraceError('usage', reason, { where: `${where}, line ${thrown.line}`, cause: thrown });
  }
}

/** Whether a value of TOML is a table, and no list or date. */
export function isTomlTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

import { EngramTraceError } from '../error.ts';
import { didYouMean } from '../nearest.ts';
import { isTomlTable, parseToml, type TomlTable } from '../parse-toml.ts';
import type { LimitWords } from './parse-limit.ts';

const KEYS = ['name', 'holds', 'fails', 'required'];

/** Reads a file of limits: `[[limit]]` tables with `holds` and, where wanted, `name`, `fails`, `required`. Throws `usage`. */
export function readLimitsFile(text: string, where: string): LimitWords[] {
  const { limit, ...others } = parseToml(text, where);
  const [other] = Object.keys(others);
  if (other !== undefined) throw bad(`${other} is no key of a file of limits`, where);
  if (!Array.isArray(limit) || limit.length === 0 || !limit.every(isTomlTable))
    throw bad('there is no [[limit]] in it', where);
  return (limit as TomlTable[]).map((table, i) => wordsOf(table, `${where}, limit ${i + 1}`));
}

function wordsOf(table: TomlTable, where: string): LimitWords {
  const unknown = Object.keys(table).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw bad(
      `${unknown} is no key of a limit`,
      where,
      didYouMean(unknown, KEYS, `known: ${KEYS.join(', ')}`),
    );
  const { required = true } = table;
  if (typeof required !== 'boolean') throw bad('required has to be true or false', where);
  const text = (key: string): string | undefined => {
    const value = table[key];
    if (value === undefined || typeof value === 'string') return value;
    throw bad(`${key} has to be a text`, where);
  };
  const holds = text('holds');
  if (holds === undefined) throw bad('holds is missing: what has to hold', where);
  return { holds, name: text('name'), fails: text('fails'), required };
}

function bad(problem: string, where: string, hint?: string): EngramTraceError {
  const example = '[[limit]]\n  holds = "latency.overall.p99 < 10ms in every 60s window"';
  return new EngramTraceError('usage', problem, { where, hint: hint ?? `write ${example}` });
}

import { parseDurationNs } from '../../duration.ts';
import { EngramTraceError } from '../../error.ts';
import { didYouMean } from '../../nearest.ts';
import { isTomlTable, type TomlTable } from '../../parse-toml.ts';

/** What a number has to be. */
export interface NumberRule {
  /** Taken where the key is missing; without it the key has to be there. */
  readonly otherwise?: number | undefined;
  readonly above?: number | undefined;
  readonly least?: number | undefined;
  readonly most?: number | undefined;
}

/**
 * Reads the keys of one table, each by its kind; whatever is wrong is a `usage` error that names file, table and key.
 * At the end, `refuseOthers` refuses the keys nobody asked for.
 */
export class TableReader {
  readonly #table: TomlTable;
  readonly #path: string;
  readonly #file: string;
  readonly #asked = new Set<string>();

  constructor(table: TomlTable, file: string, path = '') {
    this.#table = table;
    this.#file = file;
    this.#path = path;
  }

  has(key: string): boolean {
    this.#asked.add(key);
    return this.#table[key] !== undefined;
  }

  number(key: string, rule: NumberRule = {}): number {
    return this.#checked(key, this.#value(key, rule.otherwise), rule);
  }

  whole(key: string, rule: NumberRule = {}): number {
    const value = this.number(key, rule);
    if (Number.isSafeInteger(value)) return value;
    throw this.error(key, `has to be a whole number, and is ${value}`);
  }

  /** A whole number, or `inf`: as many as there is time for. */
  wholeOrInf(key: string, rule: NumberRule = {}): number {
    return this.#value(key, rule.otherwise) === Infinity ? Infinity : this.whole(key, rule);
  }

  /** A number of seconds, in whole ns. */
  seconds(key: string, rule: NumberRule = {}): number {
    return Math.round(this.number(key, { ...SECONDS, ...rule }) * 1e9);
  }

  /** A number of seconds, or a text with a unit such as `"2m"`, in whole ns. */
  time(key: string, rule: NumberRule = {}): number {
    const value = this.#value(key, rule.otherwise);
    const seconds = typeof value === 'string' ? this.#secondsIn(key, value) : value;
    return Math.round(this.#checked(key, seconds, { ...SECONDS, ...rule }) * 1e9);
  }

  optionalNumber(key: string, rule: NumberRule): number | undefined {
    return this.has(key) ? this.number(key, rule) : undefined;
  }

  text(key: string, otherwise?: string): string {
    const value = this.#value(key, otherwise);
    if (typeof value === 'string') return value;
    throw this.error(key, 'has to be a text');
  }

  flag(key: string, otherwise?: boolean): boolean {
    const value = this.#value(key, otherwise);
    if (typeof value === 'boolean') return value;
    throw this.error(key, 'has to be true or false');
  }

  choice<T extends string>(key: string, choices: readonly T[], otherwise?: T): T {
    const value = this.text(key, otherwise);
    const chosen = choices.find((choice) => choice === value);
    if (chosen !== undefined) return chosen;
    throw this.error(
      key,
      `'${value}' is none of: ${choices.join(', ')}`,
      didYouMean(value, choices, `known: ${choices.join(', ')}`),
    );
  }

  numbers(key: string): number[] {
    const value = this.#value(key, undefined);
    const isList =
      Array.isArray(value) && value.every((one) => typeof one === 'number' && Number.isFinite(one));
    if (isList) return value as number[];
    throw this.error(key, 'has to be a list of numbers');
  }

  /** A table inside this one; an empty one where it is missing. */
  table(key: string): TableReader {
    const value = this.has(key) ? this.#table[key] : {};
    if (isTomlTable(value)) return new TableReader(value, this.#file, this.#pathOf(key));
    throw this.error(key, 'has to be a table');
  }

  /** A list of tables. */
  tables(key: string): TableReader[] {
    const value = this.#value(key, undefined);
    if (!Array.isArray(value) || value.length === 0 || !value.every(isTomlTable))
      throw this.error(key, 'has to be a list of tables, with one at least');
    return value.map((table, at) => new TableReader(table, this.#file, `${this.#pathOf(key)}[${at}]`));
  }

  /** `hints` tells of keys that are no longer, or never were, what they look like. */
  refuseOthers(hints: Readonly<Record<string, string>> = {}): void {
    for (const key of Object.keys(this.#table)) {
      if (this.#asked.has(key)) continue;
      const known = [...this.#asked];
      // A key such as `constructor` is not one of the hints.
      const told = Object.hasOwn(hints, key) ? hints[key] : undefined;
      const hint = told ?? didYouMean(key, known, `known: ${known.join(', ')}`);
      throw this.error(key, 'is no key here', hint);
    }
  }

  error(key: string, problem: string, hint?: string): EngramTraceError {
    return new EngramTraceError('usage', `${this.#pathOf(key)} ${problem}`, { where: this.#file, hint });
  }

  #checked(key: string, value: unknown, rule: NumberRule): number {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.error(key, 'has to be a number');
    const { above = -Infinity, least = -Infinity, most = Infinity } = rule;
    if (value <= above) throw this.error(key, `has to be above ${above}, and is ${value}`);
    if (value < least) throw this.error(key, `has to be at least ${least}, and is ${value}`);
    if (value > most) throw this.error(key, `has to be at most ${most}, and is ${value}`);
    return value;
  }

  #secondsIn(key: string, text: string): number {
    try {
      return parseDurationNs(text, key) / 1e9;
    } catch (thrown) {
      const { hint } = EngramTraceError.from(thrown);
      throw this.error(key, `'${text}' is not a duration`, hint);
    }
  }

  #value(key: string, otherwise: unknown): unknown {
    const value = this.has(key) ? this.#table[key] : otherwise;
    if (value !== undefined) return value;
    // A key that is nearly this one is what was meant.
    const near = Object.keys(this.#table).find((other) => !this.#asked.has(other) && isLike(other, key));
    throw this.error(key, 'is missing', near === undefined ? undefined : `is ${near} meant?`);
  }

  #pathOf(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }
}

/** What an integer of ns has room for, with as much again to spare. */
const MOST_SECONDS = 50 * 86_400;
/** Less than a ns would be no time at all. */
const SECONDS: NumberRule = { above: 0, least: 1e-9, most: MOST_SECONDS };

function isLike(one: string, other: string): boolean {
  return didYouMean(one, [other], '') !== '';
}

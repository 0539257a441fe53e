import { EngramTraceError } from '../../error.ts';

/** Takes fields out of a JSON object, each checked; an absent or null one is undefined. Errors are `bad_record`. */
export interface FieldReader {
  readonly where: string;
  /** A non-negative integer. */
  count(name: string, max?: number): number | undefined;
  integer(name: string): number | undefined;
  requiredInteger(name: string): number;
  /** A 64-bit integer, as a number or as a string of digits. */
  bigInteger(name: string): bigint | undefined;
  text(name: string): string | undefined;
  requiredText(name: string): string;
  texts(name: string): string[] | undefined;
  flag(name: string): boolean | undefined;
  choice<T extends string>(name: string, choices: readonly T[], otherwise: T): T;
  /** Bytes from the field itself (UTF-8) or from `<name>_base64`. */
  bytes(name: string): Uint8Array | undefined;
  list(name: string): unknown[] | undefined;
  child(name: string): FieldReader | undefined;
  children(name: string): FieldReader[];
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export function createFieldReader(value: unknown, where: string, path = ''): FieldReader {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EngramTraceError('bad_record', `${path.slice(0, -1) || 'the line'} is not an object`, {
      where,
    });
  }
  return new ObjectFields(value as Record<string, unknown>, where, path);
}

/** A class, since three of them are made for each line: closures would cost more than parsing the JSON. */
class ObjectFields implements FieldReader {
  readonly where: string;
  private readonly object: Record<string, unknown>;
  private readonly path: string;

  constructor(object: Record<string, unknown>, where: string, path: string) {
    this.object = object;
    this.where = where;
    this.path = path;
  }

  count(name: string, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const number = this.integer(name);
    if (number === undefined || (number >= 0 && number <= max)) return number;
    throw this.fail(name, `is ${number}, not between 0 and ${max}`);
  }

  integer(name: string): number | undefined {
    const field = this.get(name);
    if (field === undefined) return undefined;
    if (typeof field !== 'number') throw this.fail(name, `is not a number: ${excerpt(field)}`);
    if (Number.isSafeInteger(field)) return field;
    throw this.fail(name, `is not an integer up to 2^53: ${field}`);
  }

  requiredInteger(name: string): number {
    return this.required(name, this.integer(name));
  }

  bigInteger(name: string): bigint | undefined {
    const field = this.get(name);
    if (field === undefined) return undefined;
    if (typeof field === 'string' && /^-?\d{1,40}$/.test(field)) {
      const value = BigInt(field);
      if (BigInt.asIntN(64, value) === value) return value;
      throw this.fail(name, `is no 64-bit integer: ${excerpt(field)}`);
    }
    if (Number.isSafeInteger(field)) return BigInt(field as number);
    throw this.fail(name, `is not an integer: ${excerpt(field)} (write one above 2^53 as a string)`);
  }

  text(name: string): string | undefined {
    const field = this.get(name);
    if (field === undefined) return field;
    if (typeof field === 'string') return wellFormed(field);
    throw this.fail(name, `is not a string: ${excerpt(field)}`);
  }

  requiredText(name: string): string {
    return this.required(name, this.text(name));
  }

  texts(name: string): string[] | undefined {
    const field = this.list(name);
    if (!field) return field;
    if (field.every((item) => typeof item === 'string')) return field.map(wellFormed);
    throw this.fail(name, 'is not a list of strings');
  }

  flag(name: string): boolean | undefined {
    const field = this.get(name);
    if (field === undefined || typeof field === 'boolean') return field;
    throw this.fail(name, `is not true or false: ${excerpt(field)}`);
  }

  choice<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    const field = this.text(name);
    if (field === undefined) return otherwise;
    const chosen = choices.find((choice) => choice === field);
    if (chosen !== undefined) return chosen;
    throw this.fail(name, `is ${excerpt(field)}, not one of ${choices.join(', ')}`);
  }

  bytes(name: string): Uint8Array | undefined {
    const plain = this.text(name);
    const encodedName = `${name}_base64`;
    const encoded = this.text(encodedName);
    if (encoded === undefined) return plain === undefined ? undefined : toBytes(plain, 'utf8');
    if (plain !== undefined) throw this.fail(name, `and ${encodedName} are both there`);
    if (encoded.length % 4 === 0 && BASE64.test(encoded)) return toBytes(encoded, 'base64');
    throw this.fail(encodedName, 'is not base64');
  }

  list(name: string): unknown[] | undefined {
    const field = this.get(name);
    if (field === undefined || Array.isArray(field)) return field;
    throw this.fail(name, `is not a list: ${excerpt(field)}`);
  }

  child(name: string): FieldReader | undefined {
    const field = this.get(name);
    return field === undefined ? undefined : createFieldReader(field, this.where, `${this.path}${name}.`);
  }

  children(name: string): FieldReader[] {
    const items = this.list(name) ?? [];
    return items.map((item, i) => createFieldReader(item, this.where, `${this.path}${name}[${i}].`));
  }

  private get(name: string): unknown {
    return Object.hasOwn(this.object, name) ? (this.object[name] ?? undefined) : undefined;
  }

  private required<T>(name: string, field: T | undefined): T {
    if (field === undefined) throw this.fail(name, 'is missing');
    return field;
  }

  private fail(name: string, problem: string): EngramTraceError {
    return new EngramTraceError('bad_record', `${this.path}${name} ${problem}`, { where: this.where });
  }
}

function toBytes(text: string, encoding: 'utf8' | 'base64'): Uint8Array {
  const buffer = Buffer.from(text, encoding);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** Half of a pair of surrogates is no text in UTF-8: two names that differ in nothing else would be one on disk. */
const HALF_PAIR = /\p{Surrogate}/gu;

/** A text with U+FFFD for what UTF-8 can't say, as everything that is written has it. */
export function wellFormed(text: string): string {
  return text.search(HALF_PAIR) < 0 ? text : text.replace(HALF_PAIR, '\ufffd');
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

import { EngramTraceError } from './error.ts';

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
  const fail = (name: string, problem: string) => {
    const field = name === '' ? path.slice(0, -1) || 'the line' : path + name;
    return new EngramTraceError('bad_record', `${field} ${problem}`, { where });
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fail('', 'is not an object');
  const object = value as Record<string, unknown>;
  const get = (name: string) => (Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined);
  const typed = <T>(name: string, type: string, what: string): T | undefined => {
    const field = get(name);
    if (field === undefined || typeof field === type) return field as T | undefined;
    throw fail(name, `is not ${what}: ${excerpt(field)}`);
  };
  const integer = (name: string) => {
    const number = typed<number>(name, 'number', 'a number');
    if (number === undefined || Number.isSafeInteger(number)) return number;
    throw fail(name, `is not an integer up to 2^53: ${number}`);
  };
  const count = (name: string, max: number = Number.MAX_SAFE_INTEGER) => {
    const number = integer(name);
    if (number === undefined || (number >= 0 && number <= max)) return number;
    throw fail(name, `is ${number}, not between 0 and ${max}`);
  };
  const text = (name: string) => typed<string>(name, 'string', 'a string');
  const list = (name: string) => {
    const field = get(name);
    if (field === undefined || Array.isArray(field)) return field;
    throw fail(name, `is not a list: ${excerpt(field)}`);
  };
  const required = <T>(name: string, field: T | undefined): T => {
    if (field === undefined) throw fail(name, 'is missing');
    return field;
  };
  return {
    where,
    count,
    integer,
    requiredInteger: (name) => required(name, integer(name)),
    bigInteger(name) {
      const field = get(name);
      if (field === undefined) return undefined;
      if (typeof field === 'string' && /^-?\d{1,19}$/.test(field)) return BigInt(field);
      if (Number.isSafeInteger(field)) return BigInt(field as number);
      throw fail(name, `is not an integer: ${excerpt(field)} (write one above 2^53 as a string)`);
    },
    text,
    requiredText: (name) => required(name, text(name)),
    texts(name) {
      const field = list(name);
      if (!field || field.every((item) => typeof item === 'string')) return field;
      throw fail(name, 'is not a list of strings');
    },
    flag: (name) => typed<boolean>(name, 'boolean', 'true or false'),
    choice(name, choices, otherwise) {
      const field = text(name);
      if (field === undefined) return otherwise;
      const chosen = choices.find((choice) => choice === field);
      if (chosen !== undefined) return chosen;
      throw fail(name, `is ${excerpt(field)}, not one of ${choices.join(', ')}`);
    },
    bytes(name) {
      const plain = text(name);
      const encoded = text(`${name}_base64`);
      if (encoded === undefined) return plain === undefined ? undefined : toBytes(plain, 'utf8');
      if (plain !== undefined) throw fail(name, `and ${name}_base64 are both there`);
      if (encoded.length % 4 === 0 && BASE64.test(encoded)) return toBytes(encoded, 'base64');
      throw fail(`${name}_base64`, 'is not base64');
    },
    list,
    child(name) {
      const field = get(name);
      return field === undefined ? undefined : createFieldReader(field, where, `${path}${name}.`);
    },
    children: (name) =>
      (list(name) ?? []).map((item, i) => createFieldReader(item, where, `${path}${name}[${i}].`)),
  };
}

function toBytes(text: string, encoding: 'utf8' | 'base64'): Uint8Array {
  const buffer = Buffer.from(text, encoding);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

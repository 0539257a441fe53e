import { textAnswer } from './http-answers.ts';
import type { HttpAnswer, HttpRequest } from './http-types.ts';

/** `numbers?` may hold nulls; a trailing `!` makes the field required. */
export type FieldType =
  | 'string'
  | 'number'
  | 'bool'
  | 'strings'
  | 'numbers'
  | 'numbers?'
  | 'time'
  | 'map'
  | 'object';
export type BodyShape = Readonly<Record<string, FieldType | `${FieldType}!`>>;
export type JsonObject = Readonly<Record<string, unknown>>;

/** The body, or the plain-text refusal of the framework: 415, 400 (no JSON) or 422 (JSON of another shape). */
export type ParsedBody = { body: JsonObject } | { refusal: HttpAnswer };

/** Parses a JSON body and checks the types of the fields in `shape`; unknown fields are ignored, null is absent. */
export function parseBody(request: HttpRequest, shape: BodyShape): ParsedBody {
  if (!isJson(request.headers['content-type'])) {
    return { refusal: textAnswer(415, 'Expected request with `Content-Type: application/json`') };
  }
  const value = parseJson(request.body);
  if (value === undefined) {
    return { refusal: textAnswer(400, 'Failed to parse the request body as JSON') };
  }
  const wrong = shapeError(value, shape);
  if (wrong === undefined) return { body: value as JsonObject };
  const where = wrong.startsWith('missing field') ? ` at ${endOf(request.body)}` : '';
  return { refusal: wrongShape(`${wrong}${where}`) };
}

/** First thing about a value that does not fit, in words; undefined when all fits. */
export function shapeError(value: unknown, shape: BodyShape): string | undefined {
  if (!isObject(value)) return 'expected an object';
  for (const [name, type] of Object.entries(shape)) {
    const field = value[name];
    const required = type.endsWith('!');
    if (field === undefined || field === null) {
      if (required) return `missing field \`${name}\``;
    } else if (!fits(field, required ? (type.slice(0, -1) as FieldType) : (type as FieldType))) {
      return `${name}: invalid type`;
    }
  }
  return undefined;
}

export function wrongShape(reason: string): HttpAnswer {
  return textAnswer(422, `Failed to deserialize the JSON body into the target type: ${reason}`);
}

/** Unix ms of an RFC 3339 time with a zone; undefined for anything else. */
export function parseTimeField(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text.replace(' ', 'T').toUpperCase());
  return Number.isNaN(ms) ? undefined : ms;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The place where the value ends, which is where a field turns out to be missing. */
function endOf(body: Buffer): string {
  const lines = body.toString('utf8').trimEnd().split('\n');
  return `line ${lines.length} column ${Buffer.byteLength(lines.at(-1) ?? '')}`;
}

function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType.trim());
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function fits(value: unknown, type: FieldType): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'numbers':
      return Array.isArray(value) && value.every((item) => typeof item === 'number');
    case 'numbers?':
      return Array.isArray(value) && value.every((item) => item === null || typeof item === 'number');
    case 'time':
      return typeof value === 'string' && parseTimeField(value) !== undefined;
    case 'map':
      return isObject(value) && Object.values(value).every((item) => typeof item === 'string');
    case 'object':
      return isObject(value);
  }
}

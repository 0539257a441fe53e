import { readFileSync } from 'node:fs';

/** As much of a JSON Schema as the outline of a document needs. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Shape[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Shape>>;
}

/** What every results document may have, before there is one. */
export interface DocumentOutline {
  /** A document with all its sections, whose numbers are null, lists empty and tables of names empty. */
  readonly sections: Readonly<Record<string, unknown>>;
  /** The paths of the tables whose names a run gives: ops, servers, metrics. */
  readonly openPaths: readonly string[];
}

/** Reads the outline off the schema of results documents. */
export function documentOutline(): DocumentOutline {
  const url = new URL('../../../schema/results-v1.schema.json', import.meta.url);
  const schema: Shape = JSON.parse(readFileSync(url, 'utf8'));
  const openPaths: string[] = [];
  const sections = outlineOf(schema, '', { schema, openPaths }) as Record<string, unknown>;
  return { sections, openPaths };
}

interface Walk {
  readonly schema: Shape;
  readonly openPaths: string[];
}

function outlineOf(shape: Shape, path: string, walk: Walk): unknown {
  const { properties, additionalProperties, anyOf, $ref, type } = shape;
  if ($ref !== undefined)
    return outlineOf(walk.schema.$defs?.[$ref.replace('#/$defs/', '')] ?? {}, path, walk);
  // A section that may be missing: null, or itself.
  if (anyOf !== undefined) return outlineOf(anyOf.find((each) => each.type !== 'null') ?? {}, path, walk);
  if (typeof additionalProperties === 'object') walk.openPaths.push(path);
  if (properties === undefined)
    return type === 'array' ? [] : typeof additionalProperties === 'object' ? {} : null;
  const inner = (name: string): string => (path === '' ? name : `${path}.${name}`);
  return Object.fromEntries(
    Object.entries(properties).map(([name, each]) => [name, outlineOf(each, inner(name), walk)]),
  );
}

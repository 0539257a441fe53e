import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** A property of the schema, wherever it stands in it. */
interface Property {
  path: string;
  name: string;
  description: unknown;
}

function propertiesIn(node: unknown, path = ''): Property[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]): Property[] => {
    if (key !== 'properties') return propertiesIn(value, key === 'items' ? path : joined(path, key));
    return Object.entries(value as Record<string, { description?: unknown }>).flatMap(([name, schema]) => [
      { path: joined(path, name), name, description: schema.description },
      ...propertiesIn(schema, joined(path, name)),
    ]);
  });
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

describe('documentation of the results document', () => {
  const properties = propertiesIn(JSON.parse(read('schema/results-v1.schema.json')));
  const lines = read('docs/results.md').split('\n');

  it('finds the properties of nested objects, arrays and shared shapes', () => {
    const names = new Set(properties.map(({ name }) => name));
    for (const name of ['verdict', 'sha256', 'p99.99', 'user_secs', 'start_s', 'command']) {
      assert.ok(names.has(name), name);
    }
    assert.ok(properties.length > 200, `${properties.length} properties`);
  });

  it('describes every property in the schema', () => {
    const bare = properties.filter(
      ({ description }) => typeof description !== 'string' || description.length < 3,
    );
    assert.deepEqual(
      bare.map(({ path }) => path),
      [],
    );
  });

  it('has a row for every property, with the words of the schema', () => {
    const missing = properties.filter(
      ({ name, description }) =>
        !lines.some(
          (line) => line.endsWith(` | ${description} |`) && line.split('`')[1]?.endsWith(name) === true,
        ),
    );
    assert.deepEqual(
      missing.map(({ path }) => path),
      [],
    );
  });
});

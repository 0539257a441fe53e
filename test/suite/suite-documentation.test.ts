import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

interface Property {
  name: string;
  description: unknown;
}

function propertiesIn(node: unknown): Property[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]): Property[] => {
    if (key !== 'properties') return propertiesIn(value);
    return Object.entries(value as Record<string, { description?: unknown }>).flatMap(([name, schema]) => [
      { name, description: schema.description },
      ...propertiesIn(schema),
    ]);
  });
}

test('every property of the schema of suites is described, and stands in their documentation', () => {
  const properties = propertiesIn(JSON.parse(read('schema/suite-v1.schema.json')));
  const lines = read('docs/suite.md').split('\n');
  assert.ok(properties.length > 20);
  const missing = properties.filter(
    ({ name, description }) =>
      typeof description !== 'string' || !lines.includes(`| \`${name}\` | ${description} |`),
  );
  assert.deepEqual(missing, []);
});

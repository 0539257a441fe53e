import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ResourcesOf } from '../../src/watch/resources-of.ts';
import { Series } from '../../src/watch/series.ts';
import { streamWith } from '../support/stream-transport.ts';
import { documentOf, MS } from './support.ts';

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

interface Schema {
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
  items?: Schema;
}

/** Paths of what the schema knows, and a document does not have. */
function missingIn(value: unknown, { properties = {}, anyOf = [], items }: Schema, path = ''): string[] {
  if (Array.isArray(value) && items !== undefined) {
    return value.flatMap((each) => missingIn(each, items, `${path}[]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.entries(properties).flatMap(([name, schema]) => {
    const inner = joined(path, name);
    return name in value ? missingIn((value as Record<string, unknown>)[name], schema, inner) : [inner];
  });
  return [...own, ...anyOf.flatMap((each) => missingIn(value, each, path))];
}

it('a document of today has every property of the schema, also those that older documents lack', () => {
  const times = { dueNs: 0, sentNs: 0, doneNs: MS };
  const eventNs = new Float64Array(0);
  const endless = { areEventsKnown: true, eventNs, untimed: 0, comments: 0 };
  const target = { http: 'http://127.0.0.1:1', grpc: null, addresses: [] };
  const document = documentOf(
    [
      { ...times, record: { stream: streamWith([0]) } },
      { ...times, outcome: { endless } },
      { ...times, outcome: { ok: false, status: 500 }, disposition: 'error' },
    ],
    { targets: [target, target], countByHeader: 'x' },
  );
  assert.ok(document.streams !== null && document.endless_answers !== null);
  for (const window of document.windows) window.resources = {};
  const series = new Series('rss_bytes', 'bytes');
  series.add(0, 1);
  const watched = { readings: 1, missed: 0, lastError: undefined, goneAtNs: undefined, leftOut: 0 };
  const targets = [{ kind: 'process', name: 'process', pid: 1 }] as const;
  const run = { startNs: 0, endNs: 1e9 };
  const readOnce = { ...watched, series: [series.data()] };
  document.resources = new ResourcesOf(targets, [readOnce], run).section();
  const missing = missingIn(document, JSON.parse(read('schema/results-v1.schema.json')));
  // Those that say a limit was given, which no command gives yet.
  assert.deepEqual(
    missing,
    ['met_throughput_target', 'met_latency_target', 'max_error_rate_ok'].map((name) => `validation.${name}`),
  );
});

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

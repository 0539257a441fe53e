import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadFacts, scenariosTable } from '../../../src/cli/text/scenarios-text.ts';
import { plannedRate } from '../../../src/workload/arrivals/planned-rate.ts';
import { findLoad } from '../../../src/workload/clients/find-load.ts';
import { findScenario } from '../../../src/workload/scenario/find-scenario.ts';
import { shippedScenarios } from '../../../src/workload/scenario/shipped-scenarios.ts';
import { newFolder } from '../../support/folders.ts';
import { PLAIN } from '../support.ts';

const SHIPPED = shippedScenarios();

test('the scenarios of the guides come with the program, each with a word on what it is for', () => {
  const names = [...SHIPPED.keys()];
  for (const name of [
    ...['write_heavy', 'read_heavy', 'mixed_balanced', 'burst_traffic', 'embeddings_search', 'consolidation'],
    ...['multi_tenant', 'soak', 'm17_baseline', 'qdrant_ann_1m_768d', 'neo4j_traversal_100k'],
    ...['hybrid_production_100k', 'milvus_ann_10m_768d'],
  ])
    assert.ok(names.includes(name), name);
  for (const [name, file] of SHIPPED) {
    assert.match(readFileSync(file, 'utf8'), /^# \S.{20}/, name);
    const found = findLoad(name);
    if ('clients' in found) continue;
    const { scenario } = found;
    // A limit that the plan itself does not reach could never be met.
    const rate = plannedRate(scenario.arrival, scenario.durationNs) ?? 0;
    assert.ok((scenario.limits.throughputPerSec ?? 0) <= rate * 1.0001, name);
    assert.ok((scenario.limits.p99LatencyMs ?? 0) > 0, name);
  }
});

test('the runs of the scalability guide ship with its numbers and its success criteria', () => {
  const numbers = (name: string) => {
    const found = findLoad(name);
    assert.ok('clients' in found, name);
    const { load, limits } = found.clients;
    assert.deepEqual(
      [limits.p95LatencyMs, limits.errorRate, limits.hitRateTolerance, limits.p99LatencyMs],
      [500, 0.05, 0.05, undefined],
    );
    return [load.clients, load.durationNs / 1e9, load.requests, load.hitRate];
  };
  assert.deepEqual(['light', 'standard', 'heavy', 'extreme', 'sustained'].map(numbers), [
    [5, 30, 50, 0.8],
    [20, 60, 100, 0.75],
    [50, 60, 100, 0.7],
    [100, 60, 50, 0.75],
    [20, 300, 30, 0.75],
  ]);
});

test('the bursts are those of the guide: 30,000 a second every five minutes', () => {
  const { arrival } = findScenario('burst_traffic').scenario;
  assert.ok(arrival.pattern === 'periodic_burst');
  assert.deepEqual([arrival.baseRate, arrival.burstRate, arrival.periodNs], [2000, 30_000, 300e9]);
});

test('the table tells name, rate, mix, duration and limits of each', () => {
  const table = scenariosTable([...SHIPPED.keys()].map((name) => loadFacts(name, findLoad(name))));
  assert.match(
    table[0] ?? '',
    /^name +rate\/s +arrivals +store\/recall\/search\/completion +duration +limits$/,
  );
  const mixed = table.find((line) => line.startsWith('mixed_balanced')) ?? '';
  assert.match(
    mixed,
    /^mixed_balanced +10000 +constant +40\/50\/10\/0 +3600 s +p99 <= 10 ms, 10000\/s, errors <= 0\.1 %$/,
  );
  const light = table.find((line) => line.startsWith('light')) ?? '';
  assert.match(
    light,
    /^light +- +5 clients +10 % put, the rest get: 80 % hit +30 s +p95 <= 500 ms, errors <= 5 %, hits within 5 points$/,
  );
  assert.equal(table.length, SHIPPED.size + 1);
  const names = table.slice(1).map((line) => line.split(' ')[0]);
  assert.deepEqual(names, [...names].sort(), 'by name, whatever folder each is in');
});

test('a path is that file, a name a shipped scenario, and a path to nowhere the shipped one of its name', () => {
  const folder = newFolder();
  const own = join(folder, 'soak.toml');
  writeFileSync(own, PLAIN);
  assert.deepEqual([findScenario(own).scenario.name, findScenario(own).isInstead], ['Plain', false]);
  assert.equal(findScenario('soak').scenario.name, 'Soak');
  const instead = findScenario(join(folder, 'scenarios/mixed_balanced.toml'));
  assert.deepEqual([instead.isInstead, instead.file], [true, SHIPPED.get('mixed_balanced')]);
  assert.throws(() => findScenario('mixed_blanced'), {
    code: 'usage',
    hint: 'did you mean mixed_balanced?',
  });
  // What clients send is not known ahead: it can't be written as a trace.
  assert.throws(() => findScenario('light'), {
    code: 'usage',
    hint: 'engram-trace run runs such a scenario',
  });
  assert.throws(() => findScenario('/dev/zero'), { code: 'usage', message: /larger than 1 MiB/ });
  assert.throws(() => findScenario(join(folder, 'none.toml')), { code: 'usage', message: /no such file/ });
  const traced = join(folder, 'traced.toml');
  writeFileSync(
    traced,
    PLAIN.replace('pattern = "constant"\nrate = 100.0', 'pattern = "trace"\nfile = "gone.trace.zst"'),
  );
  assert.throws(() => findScenario(traced), { code: 'usage', message: /there is no .*gone\.trace\.zst/ });
  writeFileSync(join(folder, 'gone.trace.zst'), '');
  const { arrival } = findScenario(traced).scenario;
  assert.deepEqual(arrival, { pattern: 'trace', file: join(folder, 'gone.trace.zst') });
});

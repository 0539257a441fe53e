import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { suitePlanTable } from '../../src/cli/text/suite-text.ts';
import { findSuite } from '../../src/suite/find-suite.ts';
import { withFolder } from '../support/folders.ts';
import { PLAIN } from '../workload/support.ts';
import { SUITE, suiteOf } from './support.ts';

test('the suite of the guide ships: its five runs, with its criteria', () => {
  const { suite } = findSuite('scalability');
  assert.deepEqual(
    suite.runs.map(({ name }) => name),
    ['light', 'standard', 'heavy', 'extreme', 'sustained'],
  );
  const table = suitePlanTable(suite).join('\n');
  assert.match(
    table,
    /^heavy +50 clients +1 min 00 s +p95 <= 500 ms, errors <= 5 %, hits within 5 points +2\.00 s of cool-down$/m,
  );
  assert.match(table, /^sustained .* 5 points$/m, 'no pause comes after the last');
  assert.equal(
    findSuite('suites/scalability.toml').file,
    findSuite('scalability').file.replace(/^.*(?=suites)/, ''),
  );
  assert.throws(() => findSuite('scalabilty'), { code: 'usage', hint: 'did you mean scalability?' });
});

test('what a run says beats the suite, that beats its scenario, and whoever runs it beats all', async () => {
  await withFolder(async (folder) => {
    writeFileSync(join(folder, 'own.toml'), PLAIN);
    const text = `
name = "Mine"
cool_down = "2m"
seed = 3
[validation]
max_error_rate = 0.01
expected_p95_latency_ms = 50
[[runs]]
scenario = "own.toml"
target_rate = 20
preload = false
[[runs]]
name = "other"
scenario = "own.toml"
duration = "250ms"
seed = 4
cool_down = 0
[runs.validation]
max_error_rate = 0.5
expected_throughput_ops_sec = 7
[[runs]]
scenario = "light"
hit_rate = 0.5
`;
    const file = join(folder, 'suite.toml');
    writeFileSync(file, text);
    const [first, second, third] = findSuite(file).suite.runs;
    assert.ok(first !== undefined && 'scenario' in first.load);
    assert.ok(second !== undefined && 'scenario' in second.load);
    assert.ok(third !== undefined && 'load' in third.load);
    const limits = { p95LatencyMs: 50, p99LatencyMs: 10, throughputPerSec: 20, errorRate: 0.01 };
    assert.deepEqual(first.load.scenario.limits, limits);
    assert.deepEqual(
      [first.name, first.load.seed, first.coolDownNs, first.preloads, first.load.scenario.durationNs],
      ['own', 3, 120e9, false, 60e9],
    );
    assert.deepEqual(second.load.scenario.limits, { ...limits, throughputPerSec: 7, errorRate: 0.5 });
    assert.deepEqual(
      [second.name, second.load.seed, second.coolDownNs, second.preloads, second.load.scenario.durationNs],
      ['other', 4, 0, true, 250e6],
    );
    assert.deepEqual([third.name, third.load.load.hitRate, third.load.load.clients], ['light', 0.5, 5]);
    assert.equal(third.load.limits.errorRate, 0.01);
    const forced = findSuite(file, { durationNs: 1e9, coolDownNs: 0, seed: 9 }).suite.runs;
    for (const { load, coolDownNs } of forced) {
      const { durationNs, seed } = 'load' in load ? load.load : { ...load.scenario, seed: load.seed };
      assert.deepEqual([durationNs, seed, coolDownNs], [1e9, 9, 0]);
    }
  });
});

test('a scenario with clients is sent by clients that wait: no rate of its own is expected of them', () => {
  const [run] = suiteOf('name = "x"\n[[runs]]\nscenario = "mixed_balanced"\nclients = 7\nthink = "1ms"').runs;
  assert.ok(run !== undefined && 'scenario' in run.load);
  const { scenario, clients, named } = run.load;
  assert.deepEqual([clients?.clients, clients?.requests, clients?.pace.thinkText], [7, Infinity, '1ms']);
  assert.deepEqual([scenario.limits.throughputPerSec, scenario.limits.p99LatencyMs], [undefined, 10]);
  assert.deepEqual([run.name, named, run.preloads], ['mixed_balanced', 'mixed_balanced', true]);
  assert.match(
    suitePlanTable({ name: '', description: '', runs: [run] })[1] ?? '',
    /^mixed_balanced +7 clients /,
  );
});

test('clients without a scenario are those of run without flags, and at a rate they do not wait', () => {
  const [first, , third] = suiteOf(SUITE).runs;
  assert.ok(first !== undefined && 'load' in first.load && third !== undefined && 'load' in third.load);
  assert.deepEqual(
    [first.load.load.clients, first.load.load.requests, first.load.load.hitRate],
    [3, 2, 0.75],
  );
  assert.deepEqual(third.load.pace, { ratePerSec: 20 });
  assert.equal(third.load.load.requests, Infinity);
  assert.equal(suiteOf('name = "x"\n[[runs]]\nclients = 50').runs[0]?.name, '50 clients');
  const [endless] = suiteOf(`${RUN}clients = 2\nrequests = inf`).runs;
  assert.ok(endless !== undefined && 'load' in endless.load);
  assert.equal(endless.load.load.requests, Infinity);
});

const RUN = 'name = "x"\n[[runs]]\n';

/** What is wrong with a suite, and what has to be said of it. */
const BAD: [what: string, text: string, said: RegExp][] = [
  ['no TOML', 'name =', /^suite mine\.toml, line 1: /],
  ['no name', '[[runs]]\nclients = 1', /name is missing/],
  ['no runs', 'name = "x"', /runs is missing/],
  ['an empty list of runs', 'name = "x"\nruns = []', /runs has to be a list of tables/],
  ['one table for all runs', 'name = "x"\n[runs]\nclients = 1', /runs has to be a list of tables/],
  ['nothing but a scenario', PLAIN, /this is a scenario \(engram-trace run runs it\)/],
  ['an unknown key', `cooldown = 3\n${RUN}clients = 1`, /cooldown is no key.*cool_down/],
  ['an unknown key of a run', `${RUN}client = 1`, /runs\[0\]\.client is no key.*clients/],
  [
    'limits under another name',
    `${RUN}clients = 1\n[runs.limits]\nx = 1`,
    /limits are in \[runs\.validation\]/,
  ],
  [
    'an unknown limit',
    `${RUN}clients = 1\n[runs.validation]\nmax_eror_rate = 1`,
    /max_eror_rate.*max_error_rate/,
  ],
  [
    'two runs of one name',
    `${RUN}scenario = "light"\n[[runs]]\nscenario = "light"`,
    /two runs of the name 'light'/,
  ],
  [
    'a scenario that is not there',
    `${RUN}scenario = "lihgt"`,
    /runs\[0\]\.scenario can't be run: there is no scenario 'lihgt' \(did you mean light/,
  ],
  [
    'a file that is not there',
    `${RUN}scenario = "none/at_all.toml"`,
    /runs\[0\]\.scenario can't be run: .*there is no such file/,
  ],
  ['a rate of 0', `${RUN}scenario = "soak"\ntarget_rate = 0`, /target_rate has to be above 0/],
  ['a negative rate', `${RUN}clients = 1\ntarget_rate = -1`, /target_rate has to be above 0/],
  ['a rate of 1e9', `${RUN}scenario = "soak"\ntarget_rate = 1e9`, /target_rate has to be at most 1000000/],
  ['a rate that is no number', `${RUN}clients = 1\ntarget_rate = nan`, /target_rate has to be a number/],
  ['a hit rate of 1.2', `${RUN}clients = 1\nhit_rate = 1.2`, /hit_rate has to be at most 1/],
  ['no clients', `${RUN}clients = 0`, /clients has to be at least 1/],
  ['clients for another kind of scenario', `${RUN}scenario = "soak"\nhit_rate = 0.5`, /of another kind/],
  [
    'requests of nobody',
    `${RUN}scenario = "soak"\nrequests = 5`,
    /requests is no key.*clients that wait for their answers/,
  ],
  [
    'a rate beside clients of a scenario',
    `${RUN}scenario = "soak"\nclients = 5\ntarget_rate = 9`,
    /target_rate is for operations with due times/,
  ],
  [
    'a preload of clients',
    `${RUN}clients = 1\npreload = false`,
    /preload is no key.*store what they look for/,
  ],
  ['a duration of 0', `${RUN}clients = 1\nduration = 0`, /duration has to be above 0/],
  ['a duration in words', `${RUN}clients = 1\nduration = "long"`, /'long' is not a duration/],
  ['a negative pause', `cool_down = -1\n${RUN}clients = 1`, /cool_down has to be at least 0/],
  ['a pause of clients that is none', `${RUN}clients = 1\nthink = "x"`, /think is no pause/],
  [
    'a pause beside a rate',
    `${RUN}clients = 1\ntarget_rate = 5\nthink = "1s"`,
    /think is for clients that wait/,
  ],
  ['half a seed', `${RUN}clients = 1\nseed = 0.5`, /seed has to be a whole number/],
];

for (const [what, text, said] of BAD) {
  test(`a suite with ${what} is refused, and it is said where`, () => {
    assert.throws(
      () => suiteOf(text),
      ({ code, where, message, hint }) => {
        assert.equal(code, 'usage');
        assert.match(`${where}: ${message} (${hint})`, said);
        return true;
      },
    );
  });
}

test('a rate beside stages is refused, and a scenario that is wrong is told of the run that names it', async () => {
  await withFolder(async (folder) => {
    const rate = 'pattern = "constant"\nrate = 100.0';
    const stages = 'pattern = "steps"\nstages = [{ duration_sec = 1, rate = 5 }]';
    writeFileSync(join(folder, 'staged.toml'), PLAIN.replace(rate, stages));
    writeFileSync(join(folder, 'broken.toml'), PLAIN.replace('num_nodes', 'num_nodez'));
    const suite = join(folder, 'suite.toml');
    writeFileSync(suite, `${RUN}scenario = "staged.toml"\ntarget_rate = 5`);
    assert.throws(() => findSuite(suite), {
      code: 'usage',
      message: /runs\[0\]\.target_rate can't be: .*has stages/,
    });
    writeFileSync(suite, `${RUN}clients = 1\n[[runs]]\nscenario = "broken.toml"`);
    assert.throws(() => findSuite(suite), {
      code: 'usage',
      message: /runs\[1\]\.scenario can't be run: scenario .*broken\.toml: data\.num_nodes is missing/,
    });
  });
});

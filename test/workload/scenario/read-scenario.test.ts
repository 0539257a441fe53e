import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngramTraceError } from '../../../src/error.ts';
import { readScenario } from '../../../src/workload/scenario/read-scenario.ts';
import { withOverrides } from '../../../src/workload/scenario/with-overrides.ts';
import { PLAIN, scenarioWith } from '../support.ts';

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (thrown) {
    assert.ok(thrown instanceof EngramTraceError, String(thrown));
    assert.equal(thrown.code, 'usage');
    return `${thrown.where}: ${thrown.message} (${thrown.hint})`;
  }
  return 'not refused';
}

const arrivalOf = (lines: string): string => PLAIN.replace('pattern = "constant"\nrate = 100.0', lines);
const readArrival = (lines: string) => readScenario(arrivalOf(lines), 'x.toml').arrival;

test('a scenario of the older tool loads as it is', () => {
  const scenario = readScenario(PLAIN, 'plain.toml');
  assert.equal(scenario.durationNs, 60e9);
  assert.deepEqual(scenario.arrival, { pattern: 'constant', rate: 100 });
  assert.deepEqual(scenario.operations, { store: 40, recall: 50, embeddingSearch: 10, patternCompletion: 0 });
  assert.deepEqual(scenario.data.embeddings, { type: 'clustered', clusters: 10, stdDev: 0.1 });
  assert.deepEqual(scenario.limits, {
    p95LatencyMs: undefined,
    p99LatencyMs: 10,
    throughputPerSec: 100,
    errorRate: 0.001,
  });
  assert.equal(scenario.protocol, 'http');
});

test('what it left out has the same defaults', () => {
  const text = PLAIN.replace(/\[duration\]\ntotal_seconds = 60/, '')
    .replace(/\[data\.embedding_distribution\][^[]*/, '')
    .replace(/\[validation\][^[]*/, '')
    .replace(/\[chaos\]\nenabled = false/, '')
    .replace('pattern_completion_weight = 0.0\n', '');
  const scenario = readScenario(text, 'plain.toml');
  assert.equal(scenario.durationNs, 300e9);
  assert.deepEqual(scenario.data.embeddings, { type: 'clustered', clusters: 10, stdDev: 0.1 });
  assert.deepEqual(Object.values(scenario.limits), [undefined, undefined, undefined, undefined]);
});

test('every arrival pattern is read', () => {
  assert.deepEqual(readArrival('pattern = "poisson"\nlambda = 5'), { pattern: 'poisson', rate: 5 });
  assert.deepEqual(
    readArrival(
      'pattern = "periodic_burst"\nbase_rate = 2\nburst_rate = 30\nburst_duration_sec = 30\nburst_period_sec = 300',
    ),
    { pattern: 'periodic_burst', baseRate: 2, burstRate: 30, burstNs: 30e9, periodNs: 300e9 },
  );
  assert.deepEqual(
    readArrival('pattern = "bursty"\nmean_rate = 5\nburst_factor = 4\nburst_probability = 0.1'),
    { pattern: 'bursty', meanRate: 5, burstFactor: 4, burstProbability: 0.1, burstNs: 1e9 },
  );
  assert.deepEqual(readArrival('pattern = "periodic"\nbase_rate = 5\namplitude = 4\nperiod_secs = 60'), {
    pattern: 'periodic',
    baseRate: 5,
    amplitude: 4,
    periodNs: 60e9,
  });
  assert.deepEqual(
    readArrival(
      'pattern = "ramp"\nstages = [{ duration_sec = 2, rate = 10 }, { duration_sec = 3, rate = 0 }]',
    ),
    {
      pattern: 'ramp',
      startRate: 0,
      stages: [
        { durationNs: 2e9, rate: 10 },
        { durationNs: 3e9, rate: 0 },
      ],
    },
  );
  assert.deepEqual(readArrival('pattern = "trace"\nfile = "a.trace.zst"'), {
    pattern: 'trace',
    file: 'a.trace.zst',
  });
});

test('stages say how long a scenario takes', () => {
  const stages = arrivalOf(
    'pattern = "steps"\nstages = [{ duration_sec = 2, rate = 10 }, { duration_sec = 3, rate = 5 }]',
  );
  assert.equal(readScenario(stages.replace('[duration]\ntotal_seconds = 60', ''), 'x.toml').durationNs, 5e9);
  assert.equal(readScenario(stages, 'x.toml').durationNs, 60e9);
});

/** Text of a bad scenario, and what has to be said of it. */
const BAD: [what: string, text: string, said: RegExp][] = [
  ['no TOML', 'name = ', /scenario bad\.toml, line 1/],
  [
    'an unknown key',
    PLAIN.replace('store_weight', 'stroe_weight'),
    /operations\.store_weight is missing.*stroe_weight/,
  ],
  ['an unknown key beside all others', `extra_key = 1\n${PLAIN}`, /extra_key is no key/],
  [
    'an unknown key in a table',
    PLAIN.replace('num_nodes', 'num_node = 3\nnum_nodes'),
    /data\.num_node .*num_nodes/,
  ],
  ['an unknown table', `${PLAIN}\n[dat]\nx = 1`, /dat is no key.*did you mean data/],
  ['an unknown pattern', arrivalOf('pattern = "poison"\nlambda = 1'), /'poison'.*did you mean poisson/],
  ['weights of 0', PLAIN.replaceAll(/_weight = [\d.]+/g, '_weight = 0'), /nothing would be sent/],
  [
    'a negative weight',
    PLAIN.replace('store_weight = 40.0', 'store_weight = -1'),
    /store_weight has to be at least 0/,
  ],
  ['a rate of 0', arrivalOf('pattern = "constant"\nrate = 0'), /arrival\.rate has to be above 0/],
  ['a negative rate', arrivalOf('pattern = "poisson"\nlambda = -3.5'), /arrival\.lambda has to be above 0/],
  [
    'a rate that is no number',
    arrivalOf('pattern = "constant"\nrate = nan'),
    /arrival\.rate has to be a number/,
  ],
  ['a text for a rate', arrivalOf('pattern = "constant"\nrate = "100"'), /arrival\.rate has to be a number/],
  ['a rate without end', arrivalOf('pattern = "constant"\nrate = inf'), /arrival\.rate has to be a number/],
  ['a rate of 1e9', arrivalOf('pattern = "constant"\nrate = 1e9'), /at most 1000000/],
  [
    'a burst longer than its period',
    arrivalOf(
      'pattern = "periodic_burst"\nbase_rate = 2\nburst_rate = 30\nburst_duration_sec = 300\nburst_period_sec = 30',
    ),
    /burst_duration_sec is longer than burst_period_sec/,
  ],
  [
    'rates of mmpp that are no two',
    arrivalOf('pattern = "mmpp"\nlow_rate = 9\nhigh_rate = 9\nlow_mean_sec = 1\nhigh_mean_sec = 1'),
    /low_rate of 9 a second is not below high_rate/,
  ],
  [
    'shares of gaps that do not rise to 1',
    arrivalOf('pattern = "gaps"\nrate = 9\ngap_shares = [0, 0.6, 0.5, 1]\ngap_sizes = [1, 1, 1, 1]'),
    /gap_shares has to rise from 0 to 1/,
  ],
  [
    'gaps without a size',
    arrivalOf('pattern = "gaps"\nrate = 9\ngap_shares = [0, 0.5, 1]\ngap_sizes = [1, 1]'),
    /gap_sizes has to have a size for each of gap_shares, 3, and has 2/,
  ],
  [
    'gaps that are all nothing',
    arrivalOf('pattern = "gaps"\nrate = 9\ngap_shares = [0, 1]\ngap_sizes = [0, 0]'),
    /gap_sizes has to rise from 0 or more, to more than 0/,
  ],
  [
    'gaps that are nearly all nothing',
    arrivalOf('pattern = "gaps"\nrate = 9\ngap_shares = [0, 0.9999999999999999, 1]\ngap_sizes = [0, 0, 5]'),
    /gap_sizes has a mean of .*no rate/,
  ],
  [
    'gaps of which all are nothing but for a share of none',
    arrivalOf('pattern = "gaps"\nrate = 9\ngap_shares = [0, 1, 1]\ngap_sizes = [0, 0, 5]'),
    /gap_sizes has a mean of 0/,
  ],
  [
    'gaps whose mean is no number',
    arrivalOf('pattern = "gaps"\nrate = 9\ngap_shares = [0, 1]\ngap_sizes = [1e308, 1.7e308]'),
    /gap_sizes has a mean of Infinity/,
  ],
  [
    'bursts of no length',
    arrivalOf(
      'pattern = "periodic_burst"\nbase_rate = 2\nburst_rate = 30\nburst_duration_sec = 1e-9\nburst_period_sec = 1',
    ),
    /burst_duration_sec has to be at least 0\.0001/,
  ],
  [
    'stretches of no length',
    arrivalOf(
      'pattern = "bursty"\nmean_rate = 2\nburst_factor = 3\nburst_probability = 0.1\nburst_duration_sec = 1e-12',
    ),
    /burst_duration_sec has to be at least 0\.0001/,
  ],
  [
    'turns of no length',
    arrivalOf('pattern = "mmpp"\nhigh_rate = 9\nlow_mean_sec = 1e-12\nhigh_mean_sec = 1e-12'),
    /low_mean_sec has to be at least 0\.0001/,
  ],
  [
    'a period of no length',
    arrivalOf('pattern = "periodic"\nbase_rate = 9\namplitude = 1\nperiod_secs = 1e-9'),
    /period_secs has to be at least 0\.0001/,
  ],
  [
    'a stage of no length',
    arrivalOf('pattern = "steps"\nstages = [{ duration_sec = 1e-12, rate = 5 }]'),
    /duration_sec has to be at least 1e-9/,
  ],
  [
    'a table named like a part of every object',
    `${PLAIN}\n[constructor]\nx = 1`,
    /constructor is no key here \(known: /,
  ],
  ['a table named __proto__', `${PLAIN}\n["__proto__"]\nx = 1`, /__proto__ is no key here \(known: /],
  [
    'a centre whose squares are no numbers',
    PLAIN.replace(/type = "clustered"[^[]*/, 'type = "hot_spot"\ncenter = [1e308, 1e308]\n'),
    /center has to have values from -1000000 to 1000000/,
  ],
  [
    'an amplitude above its base',
    arrivalOf('pattern = "periodic"\nbase_rate = 2\namplitude = 3\nperiod_secs = 30'),
    /amplitude .*above base_rate/,
  ],
  [
    'a probability of 1.2',
    arrivalOf('pattern = "bursty"\nmean_rate = 2\nburst_factor = 3\nburst_probability = 1.2'),
    /burst_probability has to be at most 1/,
  ],
  [
    'a dimension of 0',
    PLAIN.replace('embedding_dim = 768', 'embedding_dim = 0'),
    /embedding_dim has to be at least 1/,
  ],
  ['half a dimension', PLAIN.replace('embedding_dim = 768', 'embedding_dim = 7.5'), /whole number/],
  [
    'no spaces',
    PLAIN.replace('memory_spaces = 1', 'memory_spaces = 0'),
    /memory_spaces has to be at least 1/,
  ],
  [
    'a duration of 0',
    PLAIN.replace('total_seconds = 60', 'total_seconds = 0'),
    /total_seconds has to be above 0/,
  ],
  ['a share of 1.2 for errors', PLAIN.replace('max_error_rate = 0.001', 'max_error_rate = 1.2'), /at most 1/],
  [
    'chaos without a rate',
    PLAIN.replace('enabled = false', 'enabled = true'),
    /chaos\.enabled = true, and every rate is 0/,
  ],
  [
    'chaos that is not said to be on or off',
    chaosOf('slow_readers_per_sec = 1'),
    /chaos\.enabled is missing/,
  ],
  [
    'a misspelt key of chaos',
    chaosOf('enabled = true\nslow_reader_per_sec = 1\naborted_requests_per_sec = 1'),
    /chaos\.slow_reader_per_sec is no key .*did you mean slow_readers_per_sec/,
  ],
  [
    'chaos that is a load of its own',
    chaosOf('enabled = true\nslow_readers_per_sec = 1e9'),
    /slow_readers_per_sec has to be at most 100/,
  ],
  ['chaos of a negative rate', chaosOf('enabled = false\nslow_readers_per_sec = -1'), /at least 0/],
  [
    'chaos held for a day',
    chaosOf('enabled = true\nslow_readers_per_sec = 1\nhold_sec = 86400'),
    /hold_sec has to be at most 600/,
  ],
  [
    'a rate name of the older documents',
    arrivalOf('pattern = "poisson"\nmean_rate = 1000.0'),
    /mean_rate is no key of this pattern \(write lambda for it\)/,
  ],
  [
    'another pattern of the older documents',
    arrivalOf('pattern = "constant"\nrate = 1\nburst_factor = 3'),
    /burst_factor is no key/,
  ],
  [
    'completions by gRPC',
    `protocol = "grpc"\n${PLAIN.replace('completion_weight = 0.0', 'completion_weight = 1')}`,
    /mixed/,
  ],
  [
    'an exponent without zipf',
    PLAIN.replace('num_nodes', 'popularity_exponent = 2\nnum_nodes'),
    /belongs to popularity = "zipf"/,
  ],
];

for (const [what, text, said] of BAD) {
  test(`a scenario with ${what} is refused, and it is said where`, () => {
    assert.match(
      refusal(() => readScenario(text, 'bad.toml')),
      said,
    );
  });
}

test('a target rate takes the place of the arrivals, and is what is expected', () => {
  const scenario = scenarioWith({ arrival: { pattern: 'poisson', rate: 5 } });
  const run = withOverrides(scenario, { targetRate: 250, durationNs: 5e9 });
  assert.deepEqual(run.arrival, { pattern: 'constant', rate: 250 });
  assert.equal(run.limits.throughputPerSec, 250);
  assert.equal(run.limits.p99LatencyMs, 10);
  assert.equal(run.durationNs, 5e9);
  assert.deepEqual(withOverrides(scenario, {}), scenario);
  for (const targetRate of [0, -1, Number.NaN, 1e9])
    assert.match(
      refusal(() => withOverrides(scenario, { targetRate })),
      /target rate has to be above 0/,
    );
  const staged = scenarioWith({
    arrival: { pattern: 'steps', startRate: 0, stages: [{ durationNs: 1e9, rate: 1 }] },
  });
  assert.match(
    refusal(() => withOverrides(staged, { targetRate: 5 })),
    /has stages/,
  );
});

test('chaos is what the table says, and nothing where it is not enabled', () => {
  const rates = 'stalled_connections_per_sec = 2\nslow_readers_per_sec = 0.5';
  assert.equal(readScenario(chaosOf(`enabled = false\n${rates}`), 'x.toml').chaos, undefined);
  assert.deepEqual(readScenario(chaosOf(`enabled = true\n${rates}\nhold_sec = 3`), 'x.toml').chaos, {
    ratesPerSec: {
      ...{ stalled_connections: 2, aborted_requests: 0 },
      ...{ malformed_requests: 0, slow_readers: 0.5 },
    },
    holdNs: 3e9,
    mostConnections: 100,
  });
});

function chaosOf(lines: string): string {
  return PLAIN.replace('enabled = false', lines);
}

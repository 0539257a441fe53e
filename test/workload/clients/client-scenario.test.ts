import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientsRun } from '../../../src/library/load-run.ts';
import { CACHE_LOAD } from '../../../src/workload/clients/cache-load.ts';
import { clientPace, readClientScenario } from '../../../src/workload/clients/client-scenario.ts';
import { readScenario } from '../../../src/workload/scenario/read-scenario.ts';
import { PLAIN } from '../support.ts';

const CLIENTS = `
name = "Mine"

[duration]
total_seconds = 30

[clients]
count = 5
requests = 50
hit_rate = 0.8

[validation]
expected_p95_latency_ms = 500
max_error_rate = 0.05
hit_rate_tolerance = 0.05
`;

const read = (text: string) => readClientScenario(text, 'mine.toml');

test('a scenario of clients says how many there are, and is otherwise as run without flags', () => {
  const { load, pace, limits } = read(CLIENTS);
  const { seed: _, ...usual } = CACHE_LOAD;
  assert.deepEqual(load, { ...usual, clients: 5, durationNs: 30e9, requests: 50, hitRate: 0.8 });
  assert.deepEqual([pace.thinkText, pace.rampUpNs], ['10ms', 0]);
  assert.deepEqual([limits.p95LatencyMs, limits.errorRate, limits.hitRateTolerance], [500, 0.05, 0.05]);
  const least = read('name = "x"\n[clients]\ncount = 1');
  assert.deepEqual(least.load, { ...usual, clients: 1 });
  const paced = read(CLIENTS.replace('count', 'think = "exp:2s"\nramp_up_sec = 3\nput_share = 0\ncount'));
  assert.deepEqual([paced.pace.thinkText, paced.pace.rampUpNs], ['exp:2s', 3e9]);
  assert.equal(read(CLIENTS.replace(/requests = \d+/, 'requests = inf')).load.requests, Infinity);
  const spread = read(CLIENTS.replace('count', 'think = "spread"\ncount'));
  assert.deepEqual([spread.isSpread, spread.pace.thinkText], [true, 'uniform:300ms,900ms']);
});

test('pauses can be such that the operations of each client fill its time', () => {
  const { load } = read(CLIENTS);
  assert.deepEqual(clientPace('10ms', 3e9, 'think', load), {
    think: { kind: 'fixed', ns: 10e6 },
    thinkText: '10ms',
    rampUpNs: 3e9,
  });
  // 30 s for 50 operations: 0.6 s on average.
  const { think, thinkText } = clientPace('spread', 0, 'think', load);
  assert.deepEqual(think, { kind: 'uniform', lowNs: 0.3e9, highNs: 0.9e9 });
  assert.equal(thinkText, 'uniform:300ms,900ms');
  assert.throws(() => clientPace('spread', 0, '--think', { ...load, requests: Infinity }), {
    code: 'usage',
    message: /--think: spread needs a number of requests/,
  });
});

test('the hit rate has to stay near the one that is run, which a flag may have changed', () => {
  const { load, limits } = read(CLIENTS);
  const pace = { ratePerSec: 1 };
  const limitOf = (hitRate: number) =>
    clientsRun({ load: { ...load, hitRate, seed: 1 }, pace, limits }).limits?.hitRate;
  assert.deepEqual(limitOf(0.8), { wanted: 0.8, tolerance: 0.05 });
  assert.deepEqual(limitOf(0.3), { wanted: 0.3, tolerance: 0.05 });
  assert.equal(clientsRun({ load: { ...load, seed: 1 }, pace, limits: {} }).limits?.hitRate, undefined);
});

/** What is wrong with a scenario of clients, and what has to be said of it. */
const BAD: [what: string, text: string, said: RegExp][] = [
  ['no clients', CLIENTS.replace('count = 5', 'count = 0'), /clients\.count has to be at least 1/],
  ['half a client', CLIENTS.replace('count = 5', 'count = 2.5'), /clients\.count has to be a whole number/],
  [
    'too many clients',
    CLIENTS.replace('count = 5', 'count = 1000000'),
    /clients\.count has to be at most 50000/,
  ],
  ['clients that nobody counted', CLIENTS.replace('count = 5', ''), /clients\.count is missing/],
  ['a number in place of the table', 'name = "x"\nclients = 5', /clients has to be a table/],
  ['a name of the flag', CLIENTS.replace('count = 5', 'clients = 5\ncount = 5'), /is count/],
  ['a hit rate of 1.2', CLIENTS.replace('0.8', '1.2'), /hit_rate has to be at most 1, and is 1\.2/],
  ['a negative hit rate', CLIENTS.replace('0.8', '-0.1'), /hit_rate has to be at least 0/],
  ['a hit rate that is no number', CLIENTS.replace('0.8', 'nan'), /hit_rate has to be a number/],
  ['a hit rate in percent', CLIENTS.replace('0.8', '80'), /hit_rate has to be at most 1/],
  ['no requests', CLIENTS.replace('requests = 50', 'requests = 0'), /requests has to be at least 1/],
  ['no time', CLIENTS.replace('total_seconds = 30', 'total_seconds = 0'), /total_seconds has to be above 0/],
  [
    'a pause that is none',
    CLIENTS.replace('count', 'think = "often"\ncount'),
    /clients\.think: "often" is not/,
  ],
  ['a pause as a number', CLIENTS.replace('count', 'think = 10\ncount'), /clients\.think has to be a text/],
  [
    'a negative ramp-up',
    CLIENTS.replace('count', 'ramp_up_sec = -1\ncount'),
    /ramp_up_sec has to be at least 0/,
  ],
  ['no artifacts', CLIENTS.replace('count', 'artifacts = 0\ncount'), /artifacts has to be at least 1/],
  [
    'artifacts without a byte',
    CLIENTS.replace('count', 'artifact_bytes = 0\ncount'),
    /artifact_bytes has to be/,
  ],
  ['an unknown key', CLIENTS.replace('count', 'hit_rat = 1\ncount'), /clients\.hit_rat is no key.*hit_rate/],
  ['an unknown table', `${CLIENTS}\n[validaton]\nx = 1`, /validaton is no key.*validation/],
  ['an unknown limit', `${CLIENTS}\nexpected_p98_latency_ms = 1`, /p98_latency_ms is no key.*expected_p9/],
  [
    'a tolerance of 5',
    CLIENTS.replace('tolerance = 0.05', 'tolerance = 5'),
    /hit_rate_tolerance has to be at most 1/,
  ],
];

for (const [what, text, said] of BAD) {
  test(`a scenario of clients with ${what} is refused, and it is said where`, () => {
    assert.throws(
      () => read(text),
      ({ code, where, message, hint }) => {
        assert.deepEqual([code, where], ['usage', 'scenario mine.toml']);
        assert.match(`${message} (${hint})`, said);
        return true;
      },
    );
  });
}

test('operations and clients in one file are refused, with what to do instead', () => {
  assert.throws(() => readScenario(`${PLAIN}\n[clients]\ncount = 3`, 'both.toml'), {
    code: 'usage',
    message: /^clients are for a scenario without/,
    hint: /run --clients N/,
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { versionIn } from '../../../bench/peers/installed-tools.ts';
import type { Plan, Reading, Work } from '../../../bench/peers/tool.ts';
import { TOOLS } from '../../../bench/peers/tools.ts';

// What the programs printed, shortened: wrk 4.1.0, h2load 1.52.0, hey of Debian 12, bombardier 1.2.6, vegeta 12.13.0,
// autocannon 9.0.0, ghz 0.93.0; against a server that answers all, and one that answers every second request with 404 and
// hangs up at times. Made up in their form: the error distribution of hey, the calls of ghz that failed, all of oha.

const WRK = `Running 1s test @ http://127.0.0.1:37113/api
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.10ms    1.87ms  17.63ms   88.84%
    Req/Sec    10.20k     4.46k   19.29k    70.00%
  10203 requests in 1.01s, 398.55KB read
Requests/sec:  10149.33
Transfer/sec:    396.46KB
`;
const WRK_BAD = `  8762 requests in 1.00s, 375.54KB read
  Socket errors: connect 0, read 971, write 0, timeout 0
  Non-2xx or 3xx responses: 4867
Requests/sec:   8728.27
`;
const H2LOAD = `starting benchmark...
spawning thread #0: 4 total client(s). 100 total requests
Application protocol: http/1.1
progress: 100% done

finished in 14.46ms, 6914.67 req/s, 270.10KB/s
requests: 100 total, 100 started, 100 done, 100 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 100 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 3.91KB (4000) total, 1.46KB (1500) headers (space savings 0.00%), 200B (200) data
`;
const H2LOAD_BAD = `finished in 12.67ms, 2841.36 req/s, 121.78KB/s
requests: 100 total, 40 started, 36 done, 16 succeeded, 84 failed, 64 errored, 0 timeout
status codes: 16 2xx, 0 3xx, 20 4xx, 0 5xx
`;
const HEY = `
Summary:
  Total:	0.0290 secs
  Slowest:	0.0047 secs
  Requests/sec:	3443.1717

Response time histogram:
  0.000 [1]	|■
  0.001 [58]	|■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■

Status code distribution:
  [200]	100 responses



`;
const HEY_BAD = `
Summary:
  Total:	0.0290 secs

Status code distribution:
  [200]	45 responses
  [404]	55 responses

Error distribution:
  [4]	Get "http://127.0.0.1:18099/": dial tcp 127.0.0.1:18099: connect: connection refused
`;
/** As the sources of oha 1.16.0 write it: it could not be run here. */
const OHA = `Summary:
  Success rate:	100.00%
  Total:	2000.8124 ms
  Slowest:	0.0181 ms

Status code distribution:
  [200] 119539 responses

Error distribution:
  [8] aborted due to deadline
`;
const BOMBARDIER =
  '{"spec":{"numberOfConnections":4,"testType":"number-of-requests","numberOfRequests":100},"result":{"bytesRead":4378,"bytesWritten":6804,"timeTakenSeconds":0.014812616,"req1xx":0,"req2xx":46,"req3xx":0,"req4xx":54,"req5xx":0,"others":0,"latency":{"mean":529.67,"stddev":797.22,"max":3578}}}';
const VEGETA =
  '{"latencies":{"total":65251472,"mean":652514},"bytes_in":{"total":200,"mean":2},"bytes_out":{"total":0,"mean":0},"duration":990437632,"wait":1823922,"requests":100,"rate":100.96,"throughput":44.34,"success":0.44,"status_codes":{"200":44,"404":56},"errors":["404 Not Found"]}';
const VEGETA_LAZY =
  '{"latencies":{"total":102538496,"mean":1015232},"duration":26260321,"wait":2545515,"requests":101,"rate":3846.1,"throughput":3471.51,"success":0.99,"status_codes":{"0":1,"200":100},"errors":["no targets to attack"]}';
const AUTOCANNON =
  '{"url":"http://127.0.0.1:18099/","connections":4,"duration":1.01,"samples":1,"errors":0,"timeouts":0,"mismatches":0,"non2xx":52,"resets":0,"1xx":0,"2xx":40,"3xx":0,"4xx":52,"5xx":0,"statusCodeStats":{"200":{"count":40},"404":{"count":52}}}\n';
const GHZ = `
Summary:
  Count:	100
  Total:	62.33 ms
  Slowest:	12.98 ms
  Requests/sec:	1604.44

Status code distribution:
  [OK]            98 responses
  [Unavailable]   2 responses
`;

const CASES: readonly [tool: string, output: string, reading: Reading | undefined][] = [
  ['wrk', WRK, { answered: 10_203, failed: 0, seconds: 1.01 }],
  ['wrk', WRK_BAD, { answered: 8762 - 4867, failed: 4867 + 971, seconds: 1 }],
  ['wrk', 'unable to connect to 127.0.0.1:1 Connection refused', undefined],
  ['h2load', H2LOAD, { answered: 100, failed: 0, seconds: 0.01446 }],
  ['h2load', H2LOAD_BAD, { answered: 16, failed: 84, seconds: 0.01267 }],
  ['hey', HEY, { answered: 100, failed: 0, seconds: 0.029 }],
  ['hey', HEY_BAD, { answered: 45, failed: 59, seconds: 0.029 }],
  ['oha', OHA, { answered: 119_539, failed: 0, seconds: 2.0008124 }],
  ['bombardier', BOMBARDIER, { answered: 46, failed: 54, seconds: 0.014812616 }],
  ['vegeta', VEGETA, { answered: 44, failed: 56, seconds: 0.992261554 }],
  ['vegeta -lazy', VEGETA_LAZY, { answered: 100, failed: 0, seconds: 0.028805836 }],
  ['autocannon', AUTOCANNON, { answered: 40, failed: 52, seconds: 1.01 }],
  ['ghz', GHZ, { answered: 98, failed: 2, seconds: 0.06233 }],
];

test('what load tools print is read: answered, failed and seconds, of good runs and of bad ones', () => {
  for (const [name, output, expected] of CASES) {
    const reading = toolOf(name).read(output);
    const rounded = reading && { ...reading, seconds: Number(reading.seconds.toFixed(9)) };
    assert.deepEqual(rounded, expected, name);
  }
});

const PLAN: Plan = {
  ...{ count: 100, path: '/a', trace: 't', gor: 'g', gorCount: 100, targets: 'ts', target: 't1' },
  ...{ body: 'b', message: 'm', scratch: 'out' },
};
const RATE = { kind: 'rate', perSec: 1000, seconds: 3 } as const;

test('every tool is told to send to 127.0.0.1 alone, and what it can’t do it is not told', () => {
  const told: string[] = [];
  for (const tool of TOOLS) {
    for (const kind of ['get', 'post', 'grpc'] as const) {
      for (const pace of [RATE, { kind: 'count', count: 100 }, { kind: 'seconds', seconds: 3 }] as const) {
        const work: Work = { kind, port: 8080, connections: 8, pace, plan: PLAN };
        const command = tool.command(work);
        if (command === undefined) continue;
        told.push(`${tool.name} ${kind} ${pace.kind}`);
        const addresses = command.flatMap((word) => word.match(/\d+\.\d+\.\d+\.\d+:\d+/g) ?? []);
        const readsTargets = command.includes('-targets');
        assert.deepEqual(addresses, readsTargets ? [] : ['127.0.0.1:8080'], command.join(' '));
      }
    }
  }
  assert.deepEqual(
    told.filter((each) => each.includes('grpc')).map((each) => each.split(' grpc')[0]),
    ['engram-trace', 'h2load', 'ghz'].flatMap((name) => [name, name, name]),
  );
  assert.equal(told.includes('wrk get rate'), false);
  assert.equal(told.includes('wrk2 get count'), false);
});

test('a rate is told as a tool wants it: in all, or for each connection', () => {
  const work: Work = { kind: 'get', port: 1, connections: 8, pace: RATE, plan: { ...PLAN, body: '' } };
  assert.match(`${toolOf('hey').command(work)?.join(' ')}`, /-z 3s -q 125 /);
  assert.match(`${toolOf('h2load').command(work)?.join(' ')}`, /-D 3 --rps 125 /);
  assert.match(`${toolOf('vegeta').command(work)?.join(' ')}`, /-rate 1000\/1s -duration 3s/);
  assert.match(`${toolOf('wrk2').command(work)?.join(' ')}`, /-R 1000 /);
});

test('a version is found in what tools say of themselves, and that of their runtime is not taken for it', () => {
  assert.equal(versionIn('wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer'), '4.1.0');
  assert.equal(versionIn('h2load nghttp2/1.52.0'), '1.52.0');
  assert.equal(versionIn('autocannon v9.0.0\nnode v20.20.2\n'), '9.0.0');
  assert.equal(versionIn('bombardier version unspecified linux/amd64\nRuntime: go1.26.8'), undefined);
});

function toolOf(name: string) {
  const tool = TOOLS.find((each) => each.name === name);
  assert.ok(tool);
  return tool;
}

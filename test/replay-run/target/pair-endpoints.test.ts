import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../../src/replay-run/target/endpoint.ts';
import { pairEndpoints } from '../../../src/replay-run/target/pair-endpoints.ts';
import { allTargets } from '../../../src/replay-run/target/targets.ts';

function pair(http: readonly string[], grpc: readonly string[] = []) {
  return pairEndpoints({ http: http.map(parseHttpEndpoint), grpc: grpc.map(parseGrpcEndpoint) });
}

test('endpoints in the same place are one target', () => {
  const urls = allTargets(pair(['a:1', 'b:1', 'c:1'], ['a:2', 'b:2', 'c:2'])).map(({ http, grpc }) => [
    http?.url,
    grpc?.url,
  ]);
  assert.deepEqual(urls, [
    ['http://a:1', 'http://a:2'],
    ['http://b:1', 'http://b:2'],
    ['http://c:1', 'http://c:2'],
  ]);
  assert.deepEqual(
    allTargets(pair([], ['a:2', 'b:2'])).map(({ http, grpc }) => [http, grpc?.authority]),
    [
      [undefined, 'a:2'],
      [undefined, 'b:2'],
    ],
  );
  assert.equal(pair(['a:1'], ['a:2']).moreTargets, undefined);
  assert.deepEqual(allTargets(pair([])), [{ http: undefined, grpc: undefined }]);
});

test('endpoints that are no pairs, one that is given twice and too many are refused', () => {
  const many = Array.from({ length: 65 }, (_, i) => `:${7000 + i}`);
  const cases: [string[], string[], RegExp][] = [
    [['a:1', 'b:1'], ['a:2'], /2 of --endpoint and 1 of --grpc-endpoint are no pairs/],
    [['a:1'], ['a:2', 'b:2', 'c:2'], /1 of --endpoint and 3 of --grpc-endpoint are no pairs/],
    [['a:1', 'b:1', 'a:1'], [], /^--endpoint: http:\/\/a:1 is given twice/],
    [['a:1', 'A.:1'], [], /^--endpoint: http:\/\/a:1 and .* are the same server/],
    [[':1', 'localhost:1'], [], /^--endpoint: http:\/\/127\.0\.0\.1:1 and http:\/\/localhost:1 are the same/],
    [['a:1', 'https://a:1'], [], /the same server/],
    [['a:1', 'b:1'], ['x:2', 'x:2'], /^--grpc-endpoint: http:\/\/x:2 is given twice/],
    [many, [], /65 targets are more than 64/],
  ];
  for (const [http, grpc, message] of cases) {
    assert.throws(() => pair(http, grpc), { code: 'usage', message });
  }
  assert.equal(allTargets(pair(many.slice(0, 64))).length, 64);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionLimit } from '../../../src/replay-run/options/connection-limit.ts';
import { parseHttpEndpoint } from '../../../src/replay-run/target/endpoint.ts';
import type { ConnectionMode } from '../../../src/transports/connect/connection-mode.ts';
import { MOST_OWN_CONNECTIONS } from '../../../src/transports/connect/session-pools.ts';
import fc from '../../support/fast-check.ts';

const endpoint = parseHttpEndpoint('http://127.0.0.1:80');

function limitOf(connections: ConnectionMode, openFiles: number | undefined, senders = 1, endpoints = 1) {
  const grpc = endpoints === 2 ? endpoint : undefined;
  return connectionLimit({ connections, http: endpoint, grpc }, senders, openFiles);
}

test('without a limit of files only sessions with connections of their own have one', () => {
  assert.equal(limitOf('pooled', undefined), undefined);
  assert.equal(limitOf(100_000, undefined), undefined);
  assert.equal(limitOf('recorded', undefined), MOST_OWN_CONNECTIONS);
});

test('what is left of the files belongs to connections, in parts for two endpoints', () => {
  assert.equal(limitOf('pooled', 1024), 1024 - 64 - 16);
  assert.equal(limitOf('pooled', 1024, 4), 1024 - 64 - 64);
  assert.equal(limitOf('pooled', 1024, 1, 2), 472);
  assert.equal(limitOf('recorded', 1_048_576), MOST_OWN_CONNECTIONS);
  assert.equal(limitOf('recorded', 40), 10, 'of a few at least a quarter');
});

test('more connections than files is a usage error, before anything is opened', () => {
  assert.equal(limitOf(944, 1024), 944);
  assert.throws(() => limitOf(945, 1024), {
    code: 'usage',
    message: '--connections 945 is more than 1024 open files leave room for (944 an endpoint)',
  });
});

test('connections never take all the files there are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 2e6 }), fc.integer({ min: 1, max: 8 }), (files, senders) => {
      for (const endpoints of [1, 2]) {
        const limit = limitOf('pooled', files, senders, endpoints) ?? 0;
        assert.ok(limit >= 1 && limit * endpoints < files);
      }
    }),
  );
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { createDevServer } from '../../src/dev-server/dev-server.ts';
import { createServiceQueue } from '../../src/dev-server/faults/service-queue.ts';
import { make } from '../../src/dev-server/grpc/rpc.ts';
import { rpcPath } from '../../src/dev-server/grpc/rpc-path.ts';
import * as m from '../../src/gen/engram/v1/service.ts';
import { SeededStream } from '../../src/workload/streams/seeded-stream.ts';
import { callUnary } from './support/grpc-calls.ts';
import { call, grpcClient, startServer } from './support/start-server.ts';

const MS = 1e6;
const INTROSPECT = {
  path: rpcPath('Introspect'),
  request: m.IntrospectRequest,
  response: m.IntrospectResponse,
};

describe('the service rate of the dev-server', () => {
  it('serves one operation after the other, in the order they came', () => {
    const queue = createServiceQueue(1000);
    assert.deepEqual(
      [0, 0, 0.5, 10, 10.2].map((ms) => queue.join(ms * MS)),
      [1, 2, 3, 11, 12].map((ms) => ms * MS),
    );
    assert.equal(createServiceQueue().join(5), 5, 'without a rate nobody waits');
  });

  it('refuses what finds too many waiting, and takes more once they are served', () => {
    const queue = createServiceQueue(1000, 2);
    assert.deepEqual(
      [0, 0, 0, 0, 1, 1].map((ms) => queue.join(ms * MS)),
      [1 * MS, 2 * MS, 3 * MS, undefined, 4 * MS, undefined],
      'one is served and two wait',
    );
  });

  it('is the queue M/D/1 under Poisson arrivals', () => {
    // Pollaczek and Khinchine: the mean wait is rho / (2 (1 - rho)) service times.
    for (const rho of [0.5, 0.8]) {
      const queue = createServiceQueue(1000);
      const arrivals = new SeededStream(7, 'arrivals');
      let [nowNs, waitNs] = [0, 0];
      const operations = 400_000;
      for (let i = 0; i < operations; i += 1) {
        nowNs += (-Math.log(arrivals.positive(i)) * MS) / rho;
        waitNs += (queue.join(nowNs) ?? Number.NaN) - nowNs - MS;
      }
      const expected = (rho / (2 * (1 - rho))) * MS;
      assert.ok(Math.abs(waitNs / operations / expected - 1) < 0.05, `${waitNs / operations} ${expected}`);
    }
  });

  it('holds for HTTP and gRPC together, and sheds what has no room', async (t) => {
    // Time stands still until it is told otherwise: one is served, and there is no room for a second.
    let now = 1e9;
    const server = await startServer(t, { serviceRate: 20, serviceQueue: 0, nowNs: () => now });
    const both = [1, 2].map(() => call(server.httpPort, 'GET', '/health/alive'));
    const refused = await Promise.race(both);
    assert.equal(refused.status, 503);
    assert.match(refused.text, /more operations wait/);
    const client = grpcClient(t, server.grpcPort);
    assert.equal(
      (await callUnary(client, INTROSPECT, make(m.IntrospectRequest, {}))).code,
      status.UNAVAILABLE,
    );
    now += 1e9;
    assert.deepEqual((await Promise.all(both)).map((each) => each.status).sort(), [200, 503]);
  });

  it('takes no rate and no queue that make no sense', async () => {
    for (const [options, message] of [
      [{ serviceRate: 0 }, /service rate: 0 is not above 0/],
      [{ serviceRate: Number.NaN }, /service rate: NaN/],
      [{ serviceRate: 5, serviceQueue: -2 }, /service queue: -2 is not 0 or more/],
      [{ serviceRate: 5, serviceQueue: Number.NaN }, /service queue: NaN/],
    ] as const) {
      await assert.rejects(createDevServer(options), { code: 'usage', message });
    }
  });
});

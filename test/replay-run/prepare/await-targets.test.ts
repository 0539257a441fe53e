import assert from 'node:assert/strict';
import http from 'node:http';
import http2 from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { awaitTargets } from '../../../src/replay-run/prepare/await-targets.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../../src/replay-run/target/endpoint.ts';
import { freePort, startScriptedServer } from '../../support/scripted-server.ts';

test('a target where nobody is there is named with its address and why', async () => {
  const port = await freePort();
  const run = { http: parseHttpEndpoint(`http://127.0.0.1:${port}`), grpc: undefined };
  const { error } = await awaitTargets(run, ['http', 'grpc'], undefined, Date.now);
  assert.equal(error?.code, 'target');
  assert.match(
    error?.message ?? '',
    new RegExp(`^no HTTP server at http://127.0.0.1:${port}: .*ECONNREFUSED`),
  );
  assert.match(error?.hint ?? '', /--wait-for-target/);
  const grpc = { http: undefined, grpc: parseGrpcEndpoint(`127.0.0.1:${port}`) };
  const other = await awaitTargets(grpc, ['http', 'grpc'], undefined, Date.now);
  assert.match(other.error?.message ?? '', /^no gRPC server/);
  assert.equal(
    (await awaitTargets(grpc, ['http'], undefined, Date.now)).error,
    undefined,
    'nobody asks for it',
  );
});

test('a target that does not speak TLS is nobody, one that says nothing may be somebody', async () => {
  const server = await startScriptedServer((socket) => socket.end('HTTP/1.1 400 Bad\r\n\r\n'));
  const silent = await startScriptedServer(() => {});
  try {
    const run = { http: parseHttpEndpoint(`https://127.0.0.1:${server.port}`), grpc: undefined };
    const { error } = await awaitTargets(run, ['http'], undefined, Date.now);
    assert.match(error?.message ?? '', /^no HTTP server at https:.*(SSL|TLS|EPROTO)/i);
    const waiting = { http: parseHttpEndpoint(`https://127.0.0.1:${silent.port}`), grpc: undefined };
    assert.equal((await awaitTargets(waiting, ['http'], undefined, Date.now)).error, undefined);
  } finally {
    await server.close();
    await silent.close();
  }
});

test('a target that comes while it is waited for is found, and an interrupt ends the wait', async () => {
  const port = await freePort();
  const run = {
    http: parseHttpEndpoint(`http://127.0.0.1:${port}`),
    grpc: undefined,
    waitForTargetMs: 60_000,
  };
  const server = createServer((socket) => socket.destroy());
  let looks = 0;
  // The clock is asked after each look that found nobody.
  const nowMs = (): number => {
    looks += 1;
    if (looks === 3) server.listen(port, '127.0.0.1');
    return 0;
  };
  assert.deepEqual(await awaitTargets(run, ['http'], undefined, nowMs), {
    error: undefined,
    hasWaited: true,
    absent: [],
  });
  assert.ok(looks >= 3);
  await new Promise((resolve) => server.close(resolve));
  const aborted = AbortSignal.abort();
  assert.deepEqual(await awaitTargets(run, ['http'], aborted, () => 0), {
    error: undefined,
    hasWaited: false,
    absent: [],
  });
  const late = await awaitTargets(run, ['http'], undefined, () => (looks += 30_000));
  assert.match(late.error?.message ?? '', /within 60 s/);
});

/** Servers of HTTP/1 and of HTTP/2, as gRPC has it. */
async function twoServers(use: (http1: string, http2: string) => Promise<void>): Promise<void> {
  const servers: Server[] = [http.createServer(), http2.createServer() as unknown as Server];
  const ports = servers.map(
    (server) =>
      new Promise<number>((resolve) => {
        server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
      }),
  );
  const [one, two] = await Promise.all(ports);
  await use(`127.0.0.1:${one}`, `127.0.0.1:${two}`);
  for (const server of servers) server.close();
}

test('a target that speaks the protocol of the other one is refused at once, however long it is waited for', async () => {
  await twoServers(async (plain, grpc) => {
    const swapped = {
      http: parseHttpEndpoint(grpc),
      grpc: parseGrpcEndpoint(plain),
      waitForTargetMs: 60_000,
    };
    for (const [protocol, speaks] of [
      ['http', 'HTTP/2, as gRPC does'],
      ['grpc', 'HTTP/1'],
    ] as const) {
      const { error } = await awaitTargets(swapped, [protocol], undefined, () => 0);
      assert.equal(error?.code, 'target');
      assert.ok(error.message.endsWith(`: it speaks ${speaks}`), error.message);
      assert.match(error.hint ?? '', /^nothing was sent; swap --endpoint and --grpc-endpoint/);
    }
    const onlyHttp = { http: parseHttpEndpoint(grpc), grpc: undefined };
    const { error } = await awaitTargets(onlyHttp, ['http'], undefined, () => 0);
    assert.match(error?.hint ?? '', /is it the gRPC server, for --grpc-endpoint\?/);
    const both = { http: parseHttpEndpoint(plain), grpc: parseGrpcEndpoint(plain) };
    const one = await awaitTargets(both, ['http', 'grpc'], undefined, () => 0);
    assert.match(one.error?.hint ?? '', /is its port the one for HTTP \(--endpoint\)\?/);
    const right = { http: parseHttpEndpoint(plain), grpc: parseGrpcEndpoint(grpc) };
    assert.equal((await awaitTargets(right, ['http', 'grpc'], undefined, () => 0)).error, undefined);
  });
});

test('of several targets one has to be there, and each has to speak what it is asked for', async () => {
  await twoServers(async (plain, h2) => {
    const at = (authority: string) => ({ http: parseHttpEndpoint(authority), grpc: undefined });
    const found = (first: string, second: string) =>
      awaitTargets({ ...at(first), moreTargets: [at(second)] }, ['http'], undefined, () => 0);
    const one = await found(plain, '127.0.0.1:1');
    assert.equal(one.error, undefined);
    assert.deepEqual(
      one.absent.map(({ message }) => message.split(': ')[0]),
      ['no HTTP server at http://127.0.0.1:1'],
    );
    assert.equal((await found('127.0.0.1:1', plain)).absent.length, 1);
    assert.match((await found('127.0.0.1:1', '127.0.0.1:2')).error?.message ?? '', /127\.0\.0\.1:1/);
    assert.match((await found(plain, h2)).error?.message ?? '', /no HTTP server at/);
  });
});

test('a target is looked for at the addresses its name was looked up for', async () => {
  await twoServers(async (plain) => {
    const port = plain.split(':')[1];
    const addresses = [{ http: [{ address: '127.0.0.1', family: 4 }], grpc: undefined }];
    const run = { http: parseHttpEndpoint(`http://no-such-name.invalid:${port}`), grpc: undefined };
    assert.equal((await awaitTargets({ ...run, addresses }, ['http'], undefined, () => 0)).error, undefined);
  });
});

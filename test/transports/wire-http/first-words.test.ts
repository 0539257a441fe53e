import assert from 'node:assert/strict';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createWireHttpTransport } from '../../../src/transports/wire-http/wire-http-transport.ts';

test('a server that speaks HTTP/2 before it is asked is found out by the warm-up of HTTP/1', async () => {
  const server = http2.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const transport = createWireHttpTransport({ origin: new URL(`http://127.0.0.1:${port}`) });
  try {
    // What came too late for one warm-up is known to the next.
    const thrown: unknown[] = [];
    for (let tries = 0; tries < 100 && thrown.length === 0; tries++) {
      await transport.warmUp().catch((error: unknown) => thrown.push(error));
    }
    assert.match(String(thrown[0]), /speaks HTTP\/2 there, as gRPC does/);
  } finally {
    await transport.close();
    server.close();
  }
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { it } from 'node:test';
import { createCaptureClock, momentOf } from '../../../src/capture/capture-clock.ts';
import { captureSettings } from '../../../src/capture/capture-options.ts';
import { RelayChild } from '../../../src/capture/relays/relay-child.ts';
import { relaySettings } from '../../../src/capture/relays/relay-settings.ts';
import { newFolder } from '../../support/folders.ts';
import { LOOPBACK, until } from '../support.ts';

it('a relay that ends tells all troubles of connections, the last ones too', async (t) => {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, LOOPBACK);
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const nobody = net.createServer().listen(0, LOOPBACK);
  await once(nobody, 'listening');
  const { port: upstreamPort } = nobody.address() as net.AddressInfo;
  nobody.close();
  await once(nobody, 'close');
  const http = { listen: { host: LOOPBACK, port: 0 }, upstream: { host: LOOPBACK, port: upstreamPort } };
  const settings = relaySettings(captureSettings({ oplogDirectory: newFolder(), http }), 2);
  const start = { settings, runId: 'r1', clock: momentOf(createCaptureClock()), ended: [] };
  let told = 0;
  let isReady = false;
  let isGone = false;
  const child = new RelayChild(
    start,
    {
      onReady: () => {
        isReady = true;
      },
      onWarning: () => {},
      onStatus: ({ troubles }) => {
        for (const [, count] of troubles) told += count;
      },
      onGone: () => {
        isGone = true;
      },
    },
    new URL('../../../src/capture/relays/relay-process.js', import.meta.url),
  );
  t.after(() => child.kill());
  await until(() => isReady || isGone, 'it is ready');
  const accepting = once(server, 'connection');
  const client = net.connect(port, LOOPBACK).on('error', () => {});
  const [accepted] = (await accepting) as [net.Socket];
  child.hand('http', accepted);
  await until(() => client.closed, 'its client is reset');
  child.close();
  await until(() => isGone, 'it has ended');
  assert.equal(child.summary?.unreachable, 1);
  assert.equal(told, 1);
});

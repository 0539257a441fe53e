import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, it } from 'node:test';
import tls from 'node:tls';
import { checkUpstream, type UpstreamTls } from '../../../src/capture/relay/upstream.ts';
import { missing } from '../../support/missing.ts';
import { selfSigned } from '../self-signed.ts';
import { captureFor, deadPort, LOOPBACK, listenerTo, listenFor, talk, until } from '../support.ts';

const noOpenssl = missing('openssl');

function check(port: number, upstreamTls?: UpstreamTls): Promise<string> {
  return checkUpstream({ upstream: { host: LOOPBACK, port }, upstreamTls, alpn: ['http/1.1'] });
}

describe('the server behind a capture', () => {
  it('is named with what is wrong: at the start, and while clients are being reset, whoever many', async (t) => {
    const port = await deadPort();
    const warnings: string[] = [];
    const { port: listening } = await captureFor(t, {
      http: listenerTo(port),
      onWarning: (text) => warnings.push(text),
    });
    await until(() => warnings.length === 1, 'the check at the start was told');
    assert.match(
      warnings[0] ?? '',
      new RegExp(
        `^no connection to ${LOOPBACK}:${port}: nobody listens there: .*ECONNREFUSED.*clients will be reset`,
      ),
    );
    for (let i = 0; i < 5; i++) await talk(listening, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    await until(() => warnings.length === 2, 'the resets were told, once');
    assert.match(warnings[1] ?? '', /ECONNREFUSED.*; clients are being reset$/);
  });

  it('passes the check when it is there', async (t) => {
    assert.equal(await check(await listenFor(t, http.createServer())), '');
  });

  it('is said to speak no TLS where it does not', async (t) => {
    const port = await listenFor(t, http.createServer());
    assert.match(await check(port, {}), /it does not speak TLS: write http:\/\/ for it \([a-z ]+\)$/);
  });

  it('is told apart by its certificate: self-signed, for another name, wanting one', {
    skip: noOpenssl,
  }, async (t) => {
    const { cert, key } = await selfSigned();
    const port = await listenFor(t, tls.createServer({ cert, key }));
    assert.match(
      await check(port, {}),
      /self-signed: trust it with --upstream-ca FILE, or take any with --upstream-insecure/,
    );
    assert.match(
      await check(port, { ca: cert, servername: 'elsewhere' }),
      /for another name: .*--upstream-servername/,
    );
    assert.equal(await check(port, { ca: cert, servername: 'localhost' }), '');
    assert.equal(await check(port, { insecure: true }), '');
  });
});

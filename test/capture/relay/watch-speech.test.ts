import assert from 'node:assert/strict';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { UpstreamTls } from '../../../src/capture/relay/upstream.ts';
import { missing } from '../../support/missing.ts';
import { selfSigned } from '../self-signed.ts';
import { captureFor, LOOPBACK, listenerTo, listenFor, rawServer, until } from '../support.ts';

const noOpenssl = missing('openssl');
const TLS_HANDSHAKE = 0x16;
const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';

/** What a capture in front of `port` says once a client has sent these bytes. */
async function saidOf(
  t: TestContext,
  port: number,
  bytes: string,
  upstreamTls?: UpstreamTls,
): Promise<string> {
  const warnings: string[] = [];
  const { port: listening } = await captureFor(t, {
    http: { ...listenerTo(port), upstreamTls },
    onWarning: (text) => warnings.push(text),
  });
  const client = net.connect(listening, LOOPBACK, () => client.write(bytes));
  client.on('error', () => {});
  t.after(() => client.destroy());
  await until(() => warnings.length > 0, 'what is wrong was told');
  return warnings.join('\n');
}

describe('a capture in front of a server that speaks something else', () => {
  it('says that it speaks TLS, whether it answers so or leaves without a word', {
    skip: noOpenssl,
  }, async (t) => {
    const { cert, key } = await selfSigned();
    const secure = await listenFor(t, https.createServer({ cert, key }));
    const said = /^127\.0\.0\.1:\d+ speaks TLS, .*https:\/\/.*--upstream-tls$/;
    assert.match(await saidOf(t, secure, REQUEST), said);
    assert.match(await saidOf(t, secure, PREFACE), said);
    const alert = await rawServer(t, (socket) => socket.end('\x15\x03\x01\0\x02\x02\x46'));
    assert.match(await saidOf(t, alert, REQUEST), said);
  });

  it('says that it speaks HTTP/2 to a client of HTTP/1, and the other way round', async (t) => {
    const grpc = await listenFor(t, http2.createServer());
    assert.match(await saidOf(t, grpc, REQUEST), /speaks HTTP\/2.*client HTTP\/1: .*--grpc-upstream\?$/);
    const plain = await listenFor(t, http.createServer());
    assert.match(await saidOf(t, plain, PREFACE), /speaks HTTP\/1.*client HTTP\/2.*--http-upstream\?$/);
  });

  it('says at the start that it speaks no TLS, or another protocol over it', {
    skip: noOpenssl,
  }, async (t) => {
    const plain = await listenFor(t, http.createServer());
    assert.match(await saidOf(t, plain, REQUEST, {}), /does not speak TLS: write http:\/\//);
    const { cert, key } = await selfSigned();
    const h2 = await listenFor(t, http2.createSecureServer({ cert, key }));
    assert.match(
      await saidOf(t, h2, REQUEST, { insecure: true }),
      /\(ALPN\): HTTP\/1 and gRPC have a port each/,
    );
  });

  it('says nothing of a server that leaves for reasons of its own, nor of one that is understood', async (t) => {
    const warnings: string[] = [];
    let asked = 0;
    const port = await rawServer(t, (socket) => {
      socket.once('data', (chunk) => {
        if (chunk[0] === TLS_HANDSHAKE) socket.on('close', () => void asked++);
        if (chunk.includes('/leave')) socket.destroy();
        else socket.end('HTTP/1.1 204 No Content\r\n\r\n');
      });
    });
    const { capture, port: listening } = await captureFor(t, {
      http: listenerTo(port),
      onWarning: (text) => warnings.push(text),
    });
    for (const path of ['/leave', '/stay', '/leave']) {
      const client = net.connect(listening, LOOPBACK, () => client.write(REQUEST.replace('/', path)));
      client.on('error', () => {}).resume();
      await new Promise((resolve) => client.once('close', resolve));
    }
    await until(() => asked === 1, 'it was asked whether it speaks TLS');
    await capture.close();
    assert.deepEqual(warnings, []);
  });
});

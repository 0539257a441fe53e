import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUndiciTransport } from '../../../src/transports/undici/undici-transport.ts';
import { createWireHttpTransport } from '../../../src/transports/wire-http/wire-http-transport.ts';
import { makeRecord } from '../../support/make-record.ts';
import { missing } from '../../support/missing.ts';
import { startNginx } from '../../support/nginx.ts';
import { sendAndWatch } from '../../support/send-and-watch.ts';
import type { HttpSubject } from '../conformance-http-support.ts';

const skip = missing('nginx');

const SERVER = `keepalive_requests 7; keepalive_timeout 60s 20s;
location /small { return 200 "small answer"; }
location /none { return 204; }
location /broken { return 503 "no"; }
location /moved { return 302 /small; }
location /files/ { alias @dir/; if_modified_since before; }
location /closing { keepalive_timeout 0; return 200 "bye"; }`;

const FILE = 'x'.repeat(300_000);

const CASES: [
  method: string,
  path: string,
  headers: string[],
  body: Buffer,
  status: number,
  bytes: number,
][] = [
  ['GET', '/small', [], Buffer.alloc(0), 200, 12],
  ['HEAD', '/small', [], Buffer.alloc(0), 200, 0],
  ['POST', '/small', ['Content-Type', 'a/b'], Buffer.alloc(8192, 'b'), 200, 12],
  ['GET', '/none', [], Buffer.alloc(0), 204, 0],
  ['GET', '/broken', [], Buffer.alloc(0), 503, 2],
  ['GET', '/moved', [], Buffer.alloc(0), 302, 145],
  ['GET', '/files/large', [], Buffer.alloc(0), 200, FILE.length],
  ['HEAD', '/files/large', [], Buffer.alloc(0), 200, 0],
  ['GET', '/files/large', ['Range', 'bytes=10-19'], Buffer.alloc(0), 206, 10],
  ['GET', '/files/large', ['If-Modified-Since', 'Fri, 01 Jan 2100 00:00:00 GMT'], Buffer.alloc(0), 304, 0],
  ['GET', '/files/missing', [], Buffer.alloc(0), 404, 153],
  ['POST', '/files/large', [], Buffer.alloc(3_000_000, 'c'), 405, 157],
  ['GET', '/closing', [], Buffer.alloc(0), 200, 3],
  ['BREW', '/files/large', [], Buffer.alloc(0), 405, 157],
];

const SUBJECTS: HttpSubject[] = [
  { name: 'undici', create: createUndiciTransport },
  { name: 'wire', create: createWireHttpTransport },
];

for (const subject of SUBJECTS) {
  test(`${subject.name}: against nginx each kind of answer is read as what it is`, { skip }, async () => {
    const server = await startNginx(SERVER, { files: { large: FILE } });
    const transport = subject.create({ origin: new URL(`http://127.0.0.1:${server.port}`) });
    try {
      for (let round = 0; round < 3; round += 1) {
        const all = CASES.map(async ([method, path, headers, body, status, bytes]) => {
          const outcome = await sendAndWatch(transport, makeRecord(0, { method, path, headers, body })).done;
          const seen = [
            method,
            path,
            outcome.status,
            outcome.responseBytes,
            outcome.failure,
            outcome.detail.length,
          ];
          // With an error nginx sends a page, whose beginning is kept.
          const saidLength = status < 400 ? 0 : Math.min(bytes, 300);
          assert.deepEqual(seen, [method, path, status, bytes, undefined, saidLength]);
        });
        await Promise.all(all);
      }
    } finally {
      await transport.close();
      await server.stop();
    }
  });

  test(`${subject.name}: nginx closes after 7 requests, and none is lost by it`, { skip }, async () => {
    const server = await startNginx(SERVER);
    const transport = subject.create({ origin: new URL(`http://127.0.0.1:${server.port}`), connections: 3 });
    try {
      const all = Array.from(
        { length: 100 },
        () => sendAndWatch(transport, makeRecord(0, { path: '/small' })).done,
      );
      for (const outcome of await Promise.all(all)) assert.equal(outcome.status, 200, outcome.detail);
    } finally {
      await transport.close();
      await server.stop();
    }
  });
}

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { startCapture } from '../../src/capture/capture.ts';
import { createCaptureClock } from '../../src/capture/capture-clock.ts';
import { authorityOf } from '../../src/capture/relay/host-port.ts';
import { genericDialect } from '../../src/dialects/generic.ts';
import { machineNames } from '../../src/machine-names.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { newFolder } from '../support/folders.ts';
import { missing } from '../support/missing.ts';
import {
  MARKER,
  SECRET_HEADERS,
  SECRET_PARAMETERS,
  SECRET_TARGETS,
  SECRET_VALUES,
} from './redact/secret-kinds.ts';
import {
  type Arrival,
  captureFor,
  listenerTo,
  loggingServer,
  rawServer,
  readOpLog,
  run,
  talk,
} from './support.ts';

/** The same requests, byte for byte: method, target, headers with case, order and repetition, body. */
function assertSame(records: readonly TraceRecord[], arrivals: readonly Arrival[]): void {
  const ofRecord = ({ method, path, headers, body }: TraceRecord): string =>
    JSON.stringify([method, path, headers, Buffer.from(body).toString('base64')]);
  const ofArrival = ({ method, url, rawHeaders, body }: Arrival): string =>
    JSON.stringify([method, url, rawHeaders, body.toString('base64')]);
  assert.deepEqual(records.map(ofRecord).sort(), arrivals.map(ofArrival).sort());
}

const noCurl = missing('curl');
const noHey = missing('hey');

describe('capture of HTTP', () => {
  it('records what curl sends exactly as the server sees it', { skip: noCurl }, async (t) => {
    const { port: upstream, arrivals } = await loggingServer(t, ({ body }, response) =>
      response.end(`got ${body.length}`),
    );
    const { port, folder, capture } = await captureFor(t, {
      http: listenerTo(upstream),
      keepResponses: true,
    });
    const upload = join(newFolder(), 'upload');
    await writeFile(upload, Buffer.alloc(300_000, 'xyz'));
    const url = `http://127.0.0.1:${port}`;
    const curl = async (...args: string[]): Promise<string> =>
      (await run('curl', ['-sS', '--max-time', '60', ...args])).stdout;
    assert.equal(await curl(`${url}/plain?a=1&a=2`), 'got 0');
    assert.equal(await curl('-H', 'X-Two: 1', '-H', 'x-two:   2', '-d', '{"a":1}', `${url}/post`), 'got 7');
    assert.equal(await curl('-T', upload, `${url}/put`), 'got 300000'); // large: curl asks with 100-continue
    assert.equal(
      await curl('-T', upload, '-H', 'Transfer-Encoding: chunked', `${url}/chunked`),
      'got 300000',
    );
    assert.equal(await curl('-T', upload, '-H', 'Expect: 100-continue', `${url}/expect`), 'got 300000');
    assert.equal(await curl('-I', `${url}/head`).then((text) => text.startsWith('HTTP/1.1 200')), true);
    assert.equal(await curl('-X', 'DELETE', `${url}/delete`), 'got 0');
    assert.equal(await curl('--http1.0', `${url}/old`), 'got 0');
    assert.equal(await curl(`${url}/long?q=${'x'.repeat(16_000)}`), 'got 0');
    await curl(`${url}/one`, `${url}/two`);
    await capture.close();
    const { records, headers, loss } = await readOpLog(folder);
    assertSame(records, arrivals);
    assert.equal(records.length, 11);
    assert.equal(loss.recordsDropped, 0);
    const put = records.find(({ path }) => path === '/put') as TraceRecord;
    assert.equal(Buffer.from(put.outcome.response as Uint8Array).toString(), 'got 300000');
    assert.equal(put.outcome.responseCrc32, crc32('got 300000'));
    const [header] = headers;
    assert.equal(header?.sorted, false);
    assert.equal(header?.source, 'capture');
    assert.equal(header?.resolutionNs, 1);
    const places = ['127.0.0.1', ...machineNames()];
    const origins = places.map((host) => authorityOf({ host, port: upstream }));
    assert.deepEqual(header?.origins, origins, 'the names of this machine go with its loopback');
    const startMs =
      Number((header as { epochUnixNs: bigint }).epochUnixNs / 1_000_000n) +
      (records[0]?.startNs as number) / 1e6;
    assert.ok(Math.abs(startMs - Date.now()) < 60_000, 'times are of today');
  });

  it('records every request of a load by hey', { skip: noHey }, async (t) => {
    const { port: upstream, arrivals } = await loggingServer(t);
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream) });
    const body = 'b'.repeat(5_000);
    await run('hey', ['-n', '1000', '-c', '20', '-m', 'POST', '-d', body, `http://127.0.0.1:${port}/load`]);
    await capture.close();
    const { records, loss } = await readOpLog(folder);
    assert.equal(records.length, 1000);
    assertSame(records, arrivals);
    assert.equal(loss.recordsDropped, 0);
    assert.equal(new Set(records.map(({ session }) => session)).size, 20);
  });

  it('lets no secret of any kind reach the disk, in names, values and bodies', async (t) => {
    const { port: upstream, arrivals } = await loggingServer(t, (_, response) =>
      response.end(`{"id_token":"${MARKER}"}`),
    );
    const { port, folder, capture } = await captureFor(t, {
      http: listenerTo(upstream),
      redactBodies: true,
      keepResponses: true,
      keepHeaders: ['x-session-affinity-*'],
    });
    const headers = SECRET_HEADERS.map((name) => `${name}: ${MARKER}`);
    const more = SECRET_VALUES.filter(([name]) => !name.startsWith(':')).map(
      ([name, value]) => `${name}: ${value}`,
    );
    const body = JSON.stringify(
      Object.fromEntries(
        SECRET_PARAMETERS.filter((name) => !/[%[]|^key$/.test(name)).map((name) => [name, MARKER]),
      ),
    );
    const query = SECRET_PARAMETERS.map((name) => `${name}=${MARKER}`).join('&');
    // A blank ends a target in HTTP/1.
    const targets = SECRET_TARGETS.filter((target) => target.startsWith('/') && !target.includes(' '));
    const requests = [`/q?${query}`, ...targets];
    for (const target of requests) {
      const lines = [
        `POST ${target} HTTP/1.1`,
        'Host: x',
        'X-Session-Affinity-Key: stays',
        ...headers,
        ...more,
      ];
      lines.push('Content-Type: application/json', `Content-Length: ${body.length}`, 'Connection: close');
      await talk(port, `${lines.join('\r\n')}\r\n\r\n${body}`);
    }
    await capture.close();
    assert.equal(arrivals.length, requests.length);
    assert.ok(JSON.stringify(arrivals[0]).includes(MARKER), 'the server gets it');
    const { records, headers: heads, loss } = await readOpLog(folder);
    assert.equal(records.length, requests.length);
    assert.equal(loss.recordsDropped + loss.bodiesTruncated, 0);
    const seen = JSON.stringify(
      records.map((each) => [
        each.path,
        each.headers,
        each.op,
        Buffer.from(each.body).toString(),
        Buffer.from(each.outcome.response ?? []).toString(),
      ]),
    );
    assert.ok(!seen.includes(MARKER) && seen.includes('"stays"') && seen.includes('id_token'));
    assert.ok(heads[0]?.redacted.includes('body:json') && heads[0].redacted.length < 120);
  });

  it('lets no secret reach the disk', async (t) => {
    const { port: upstream, arrivals } = await loggingServer(t);
    const { port, folder, capture } = await captureFor(t, {
      http: listenerTo(upstream),
      redactHeaders: ['X-Tenant-Key'],
    });
    const secret = 'h7Kq-very-secret';
    const lines = [
      `GET http://me:${secret}@x/a?api_key=${secret}&b=1&TOKEN=${secret} HTTP/1.1`,
      'Host: x',
      ...[
        `Authorization: Bearer ${secret}`,
        `COOKIE: a=${secret}`,
        `x-api-key: ${secret}`,
        `X-tenant-key: ${secret}`,
      ],
      'Connection: close',
    ];
    await talk(port, `${lines.join('\r\n')}\r\n\r\n`);
    await capture.close();
    assert.ok(JSON.stringify(arrivals[0]).includes(secret), 'the server gets it');
    const { records, headers, files } = await readOpLog(folder);
    assert.equal(records[0]?.path, 'http://[redacted]@x/a?api_key=[redacted]&b=1&TOKEN=[redacted]');
    for (const name of ['header:authorization', 'header:x-tenant-key', 'query:api_key', 'url:userinfo']) {
      assert.ok(headers[0]?.redacted.includes(name), name);
    }
    for (const file of files) {
      assert.ok(!(await readFile(file)).includes(secret));
      if (!missing('zstd')) assert.ok(!execFileSync('zstd', ['-dc', file]).includes(secret));
    }
  });

  it('lets an upgraded connection through in both directions', async (t) => {
    const upstream = await rawServer(t, (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
        socket.pipe(socket);
      });
    });
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream) });
    const upgrade = 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
    const { text } = await talk(port, upgrade, { halfClose: true });
    assert.match(text, /^HTTP\/1\.1 101 /);
    await capture.close();
    const { records, loss } = await readOpLog(folder);
    assert.deepEqual(
      records.map(({ path, outcome }) => [path, outcome.status]),
      [['/ws', 101]],
    );
    assert.equal(loss.recordsDropped, 0);
  });

  it('drops records, not traffic, when their bodies are more than the buffer', async (t) => {
    const { port: upstream, arrivals } = await loggingServer(t);
    const { port, folder, capture } = await captureFor(t, { http: listenerTo(upstream), bufferBytes: 1_000 });
    const post = `POST /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(5_000)}`;
    const get = 'GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    for (const request of [post, post, get]) assert.match((await talk(port, request)).text, /200 OK/);
    assert.equal(arrivals.length, 3);
    const { records, recordsDropped } = await capture.close();
    assert.equal(records + recordsDropped, 3);
    const log = await readOpLog(folder);
    assert.equal(log.loss.recordsDropped, recordsDropped);
    assert.ok(
      log.records.every(({ path, bodyBytesMissing }) => path === '/small' || bodyBytesMissing === 5_000),
    );
  });

  it('refuses a folder it can not write, before it takes any traffic', async () => {
    const folder = newFolder();
    await writeFile(join(folder, 'file'), '');
    await mkdir(join(folder, 'there'));
    const options = {
      clock: createCaptureClock(),
      runId: 'a',
      tool: 't',
      dialect: genericDialect,
      http: listenerTo(1),
    };
    await assert.rejects(startCapture({ ...options, oplogDirectory: join(folder, 'file', 'x') }), {
      code: 'io',
    });
    await assert.rejects(startCapture({ ...options, oplogDirectory: folder, http: undefined }), {
      code: 'usage',
    });
  });
});

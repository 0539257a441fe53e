import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { blake3Hex } from '../../src/blake3-hex.ts';
import { newFolder } from '../support/folders.ts';
import { call, startServer } from './support/start-server.ts';

test('blake3 of known bytes is that of the specification', () => {
  assert.equal(
    blake3Hex(new Uint8Array()),
    'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
  );
  const counting = Uint8Array.from({ length: 1025 }, (_, i) => i % 251);
  assert.equal(blake3Hex(counting), 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444');
});

test('an artifact is kept under its hash, found again and asked for; another name is refused', async (t) => {
  const { httpPort: port } = await startServer(t);
  for (const kind of ['/cache', '/cache/layer']) {
    const body = `the output of a step, under ${kind}`;
    const path = `${kind}/${blake3Hex(Buffer.from(body))}`;
    const answers = [];
    for (const [method, sent] of [
      ['HEAD'],
      ['GET'],
      ['PUT', body],
      ['PUT', body],
      ['HEAD'],
      ['GET'],
    ] as const)
      answers.push(await call(port, method, path, sent));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 404, 201, 201, 200, 200],
    );
    assert.deepEqual([answers[4]?.text, answers[5]?.text], ['', body]);
    assert.equal(answers[5]?.headers['content-type'], 'application/octet-stream');
    assert.equal(answers[1]?.headers['x-memobuild-api-version'], '1.0');
  }
  const upper = blake3Hex(Buffer.from('x')).toUpperCase();
  for (const wrong of ['0'.repeat(64), 'short', upper])
    assert.equal((await call(port, 'PUT', `/cache/${wrong}`, 'x')).status, 400, wrong);
  assert.equal((await call(port, 'DELETE', `/cache/${upper}`)).headers['allow'], 'GET,HEAD,PUT');
  assert.equal((await call(port, 'PUT', `/cache/${upper}`, 'x'.repeat(2 ** 21 + 1))).status, 413);
});

test('the cache keeps to its size; arrivals have the names of a build cache', async (t) => {
  const folder = newFolder();
  const arrivalLog = join(folder, 'arrivals.ndjson');
  const server = await startServer(t, { cacheBytes: 2048, arrivalLog });
  const put = async (text: string) => {
    const hash = blake3Hex(Buffer.from(text));
    return { hash, status: (await call(server.httpPort, 'PUT', `/cache/${hash}`, text)).status };
  };
  const first = await put('a'.repeat(1000));
  const second = await put('b'.repeat(1000));
  assert.equal((await call(server.httpPort, 'GET', `/cache/${first.hash}`)).status, 404);
  assert.equal((await call(server.httpPort, 'GET', `/cache/${second.hash}`)).status, 200);
  assert.equal((await put('c'.repeat(3000))).status, 507);
  assert.equal(server.stats().artifactsEvicted, 1);
  await server.close();
  const lines = (await readFile(arrivalLog, 'utf8')).trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).op),
    ['put', 'put', 'get', 'get', 'put'],
  );
});

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../capture/support.ts';
import { newFolder } from '../support/folders.ts';
import { someRecords, start, writeTrace } from './replay-support.ts';

test('a forced replay that is interrupted before its first operation leaves the old results and their log', async () => {
  const folder = newFolder();
  const trace = join(newFolder(), 'some.trace.zst');
  await writeTrace(trace, someRecords(3, 1));
  const [results, log] = [join(folder, 'results.json'), join(folder, 'run.replaylog')];
  await Promise.all([writeFile(results, 'old results'), writeFile(log, 'old log')]);
  const { child, finished } = start([
    ...['replay', trace, '--endpoint', `127.0.0.1:${await freePort()}`, '--wait-for-target', '10m'],
    ...['--output', results, '--replay-log', log, '--force', '--senders', '1'],
  ]);
  // The files that will take their places are there.
  await until(() => readdirSync(folder).length === 4, 'both outputs are open');
  child.kill('SIGINT');
  const { code, stderr } = await finished;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /nothing was sent, and .*results\.json stays as it was/);
  assert.equal(await readFile(results, 'utf8'), 'old results');
  assert.equal(await readFile(log, 'utf8'), 'old log');
  assert.deepEqual((await readdir(folder)).sort(), ['results.json', 'run.replaylog']);
});

/** A port that nobody listens at. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type ClientRequest, get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { engramDialect } from '../../src/dialects/engram.ts';
import type { EndlessSection } from '../../src/results/document/endless-section.ts';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { captureFor, LOOPBACK, listenerTo } from '../capture/support.ts';
import { runCli } from '../cli/run-cli.ts';
import { call, startServer } from '../dev-server/support/start-server.ts';
import { validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';

/** Long enough for any stall of the machine on the way to the head of the answer. */
const LEAVES_AFTER_MS = 2500;
const EVENTS = '/api/v1/monitoring/activations?frequency=20';
const GETS = 10;

/** Follows an event stream, and leaves it when some time has passed and something has come. */
function followForAWhile(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const request: ClientRequest = get({ host: LOOPBACK, port, path: EVENTS, agent: false }, (response) => {
      response.on('error', () => {});
      response.on('data', () => {
        if (performance.now() - began > LEAVES_AFTER_MS) request.destroy();
      });
      response.on('close', resolve);
    });
    request.on('error', reject);
  });
}

test('an event stream that its client left is left again, its events are counted, and it is in no latency', async (t) => {
  const server = await startServer(t);
  const { capture, folder, port } = await captureFor(t, {
    dialect: engramDialect,
    http: listenerTo(server.httpPort),
  });
  const followed = followForAWhile(port);
  for (let i = 0; i < GETS; i += 1) await call(port, 'GET', '/health/alive');
  await followed;
  await capture.close();
  const place = newFolder();
  const [trace, log, output] = [join(place, 'x.trace.zst'), join(place, 'x.rlog'), join(place, 'x.json')];
  const exported = await runCli(['export', '--source', folder, '--output', trace]);
  assert.equal(exported.code, 0, exported.stderr);
  const { stderr } = await runCli([
    ...['replay', '--trace', trace, '--allow-origin', '--endpoint', `http://${LOOPBACK}:${server.httpPort}`],
    ...['--senders', '2', '--replay-log', log, '--output', output],
  ]);
  assert.match(stderr, /endless answers: 1 .*1 left as recorded/, stderr);
  const document = validated(JSON.parse(await readFile(output, 'utf8')));
  const { answers, ended, events, max_open, events_unknown } = document.endless_answers as EndlessSection;
  assert.deepEqual([answers, max_open, events_unknown], [1, 1, 0]);
  assert.equal(ended.cancelled_as_recorded, 1);
  assert.ok((events ?? 0) > 0);
  assert.deepEqual([document.operations.cancelled, document.errors], [1, []]);
  assert.equal(document.latency.overall.count, GETS);
  assert.equal(document.first_answer_latency.overall.count, GETS + 1);
  const opened = await openTrace(trace);
  const { checks, logDamage } = await verifyReplay(log, document, opened);
  await opened.close();
  const wrong = checks.filter(({ agrees }) => !agrees);
  assert.deepEqual([...logDamage, ...wrong], []);
});

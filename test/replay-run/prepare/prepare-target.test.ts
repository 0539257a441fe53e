import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { EngramTraceError } from '../../../src/error.ts';
import { replayOptions } from '../../../src/replay/replay-options.ts';
import type { RunOptions } from '../../../src/replay-run/options/run-options.ts';
import { prepareTarget } from '../../../src/replay-run/prepare/prepare-target.ts';
import { spacesOfRun } from '../../../src/replay-run/prepare/spaces-of-run.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../../src/replay-run/target/endpoint.ts';
import { FirstInSpace } from '../../../src/results/tally/first-in-space.ts';
import { emptyHeader, emptyLoss, type TraceRecord } from '../../../src/trace/record/record.ts';
import type { Trace } from '../../../src/trace/trace.ts';
import { startServer } from '../../dev-server/support/start-server.ts';
import { makeRecord } from '../../support/make-record.ts';
import { inBatches, SECOND } from '../../support/replay-harness.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function runOf(records: TraceRecord[], over: Partial<Trace> = {}, dialect = 'engram'): RunOptions {
  const trace: Trace = {
    name: 'scripted',
    format: 'trace',
    header: { ...emptyHeader(), dialect },
    index: undefined,
    hints: {},
    seekable: true,
    warnings: [],
    records: () => inBatches(records, 10),
    loss: emptyLoss(),
    close: async () => {},
    ...over,
  };
  return { trace, http: parseHttpEndpoint('http://127.0.0.1:9'), grpc: undefined };
}

const clock = createVirtualClock(1e12);

/** A target whose answers are scripted, by method. */
function scripted(post: (space: string) => number, there: string[] = []) {
  const asked: string[] = [];
  let busy = 0;
  let mostBusy = 0;
  const send = async ({ method, body }: { method: string; body: string }) => {
    mostBusy = Math.max(mostBusy, ++busy);
    await Promise.resolve();
    busy--;
    if (method === 'GET')
      return { status: 200, body: JSON.stringify({ spaces: there.map((id) => ({ id })) }) };
    const { id } = JSON.parse(body);
    asked.push(id);
    return { status: post(id), body: '\u001b[31mno' };
  };
  return { asked, send, mostBusy: () => mostBusy };
}

describe('spaces of a run', () => {
  const RECORDS = ['beta', 'alpha', '', 'Not A Space', 'beta', 'default'].map((space, i) =>
    makeRecord(i * SECOND, { space, op: i === 4 ? 'recall' : 'remember' }),
  );

  it('are those of the records that take part, each once, as far as the server takes their names', async () => {
    const all = runOf([
      ...RECORDS,
      makeRecord(9 * SECOND, { space: 'ghost', method: 'POST', path: '/shutdown' }),
    ]);
    const dangerOf = ({ path }: TraceRecord) => (path === '/' ? undefined : { pattern: path, why: '' });
    assert.deepEqual(await spacesOfRun(all, replayOptions({ dangerOf })), ['alpha', 'beta', 'default']);
    const part = { ...all, range: { from: { offsetNs: SECOND }, to: { offsetNs: 4 * SECOND } } };
    assert.deepEqual(await spacesOfRun(part, replayOptions()), ['alpha']);
    const reads = replayOptions({ only: ({ op }) => op === 'recall' });
    assert.deepEqual(await spacesOfRun({ ...all, only: 'reads' }, reads), ['beta']);
  });

  it('are read where the hints do not tell them: of the first records alone, and beyond the names it keeps', async () => {
    const records = ['alpha', 'beta', 'gamma'].map((space, i) => makeRecord(i * SECOND, { space }));
    const first = {
      ...runOf(records, { hints: { spaces: ['alpha', 'beta', 'gamma'] } }),
      range: { limit: 1 },
    };
    assert.deepEqual(await spacesOfRun(first, replayOptions()), ['alpha']);
    const many = runOf(records, { hints: { records: 3 } });
    assert.deepEqual(await spacesOfRun(many, replayOptions()), ['alpha', 'beta', 'gamma']);
  });

  it('are not made on a server of the recording, whether hints tell them or the trace is read', async () => {
    const guard = {
      checkOrigins: () => {},
      checkRecord: () => {
        throw new EngramTraceError('usage', 'that is where it was recorded');
      },
    };
    const hints = { spaces: ['alpha'] };
    for (const over of [{}, { hints }])
      await assert.rejects(spacesOfRun(runOf(RECORDS, over), replayOptions(), guard), {
        message: /recorded/,
      });
    assert.deepEqual(await spacesOfRun(runOf([], { hints }), replayOptions(), guard), ['alpha']);
  });

  it('are not known of a pipe, without an HTTP target, or to a dialect that has none', async () => {
    const options = replayOptions();
    const grpc = { ...runOf(RECORDS), http: undefined, grpc: parseGrpcEndpoint('127.0.0.1:9') };
    const cases: [RunOptions, RegExp][] = [
      [runOf(RECORDS, { seekable: false }), /pipe/],
      [runOf(RECORDS, {}, 'generic'), /generic/],
      [grpc, /--endpoint/],
    ];
    for (const [run, message] of cases)
      await assert.rejects(spacesOfRun(run, options), { code: 'usage', message });
    const many = Array.from({ length: 10_001 }, (_, i) => makeRecord(i, { space: `space-${i}` }));
    await assert.rejects(spacesOfRun(runOf(many), options), { code: 'usage', message: /10000/ });
  });
});

describe('making the spaces of a run', () => {
  const SPACES = ['alpha', 'beta', 'gamma'];

  it('is done one after another, leaves alone what is there, and is counted', async () => {
    const target = scripted(() => 201, ['beta']);
    const section = await prepareTarget(runOf([]), SPACES, { clock }, target.send);
    assert.deepEqual(target.asked, ['alpha', 'gamma']);
    assert.equal(target.mostBusy(), 1);
    assert.deepEqual([section.spaces, section.made, section.existed], [3, 2, 1]);
  });

  it('says which space was refused, and what may help', async () => {
    const target = scripted((space) => (space === 'beta' ? 401 : 201));
    const failed = prepareTarget(runOf([]), SPACES, { clock }, target.send);
    await assert.rejects(failed, { code: 'target', message: /beta: HTTP 401/, hint: /-H/ });
    await assert.rejects(failed, ({ message }: Error) => !message.includes('\u001b'));
  });

  it('stops when it is interrupted, with what was made until then', async () => {
    const controller = new AbortController();
    const target = scripted(() => {
      controller.abort();
      return 201;
    });
    const { signal } = controller;
    assert.equal((await prepareTarget(runOf([]), SPACES, { clock, signal }, target.send)).made, 1);
  });

  it('makes them on a server that stores, and finds them there', async (t) => {
    const server = await startServer(t);
    const run = { ...runOf([]), http: parseHttpEndpoint(`http://127.0.0.1:${server.httpPort}`) };
    const made = await prepareTarget(run, ['default', ...SPACES], { clock });
    assert.deepEqual([made.made, made.existed], [3, 1]);
    const again = await prepareTarget(run, ['default', ...SPACES], { clock });
    assert.deepEqual([again.made, again.existed, again.slowest_secs], [0, 4, null]);
    const ofOperations = ['Content-Type', 'text/plain', 'content-length', '3', 'Content-Encoding', 'gzip'];
    const more = await prepareTarget({ ...run, headers: ofOperations }, ['delta'], { clock });
    assert.equal(more.made, 1, 'headers of the operations say nothing of this body');
  });

  it('gives up on a target that does not answer in time, and at once where somebody interrupts', async () => {
    const heard: string[] = [];
    let isInterrupted = false;
    const controller = new AbortController();
    const hung = createServer(({ method, headers, url }) => {
      heard.push(`${method} ${url} ${headers.authorization}`);
      if (isInterrupted) controller.abort();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => hung.once('listening', resolve));
    closing.push(() => {
      hung.closeAllConnections();
      hung.close();
    });
    const http = parseHttpEndpoint(`http://127.0.0.1:${(hung.address() as AddressInfo).port}`);
    const run = { ...runOf([]), http, headers: ['Authorization', 'Bearer x'], prepareTimeoutNs: 50e6 };
    await assert.rejects(prepareTarget(run, SPACES, { clock }), {
      code: 'target',
      hint: /--prepare-timeout/,
    });
    isInterrupted = true;
    const { signal } = controller;
    const stopped = await prepareTarget({ ...run, prepareTimeoutNs: 60e9 }, SPACES, { clock, signal });
    assert.equal(stopped.made, 0);
    assert.equal(heard.at(-1), 'GET /api/v1/spaces Bearer x');
  });
});

describe('first answers in spaces', () => {
  it('stall where they take seconds and the rest does not', () => {
    const first = new FirstInSpace();
    let number = 0;
    const add = (space: string, serviceNs: number) => first.add(space, 1e9 + number, number++, serviceNs);
    for (const ns of [4e9, 1e6, 1e6]) add('alpha', ns);
    for (const ns of [2e6, 9e9]) add('beta', ns);
    add('', 9e9);
    add('gamma', 6e9);
    assert.deepEqual(first.stalled(1e6), { spaces: 2, longestNs: 6e9 });
    // All of a slow server is slow.
    assert.equal(first.stalled(1e9).spaces, 0);
    assert.equal(first.stalled(undefined).spaces, 0);
  });
});

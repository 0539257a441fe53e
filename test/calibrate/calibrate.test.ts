import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { calibrate } from '../../src/calibrate/calibrate.ts';
import { calibrationText } from '../../src/calibrate/calibration-text.ts';
import { type NullSink, startNullSink } from '../../src/null-sink/null-sink.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { run, someRecords, writeTrace } from '../cli/replay-support.ts';
import { documentOf, MS } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { streamWith } from '../support/stream-transport.ts';

/** A document of a generator that is late by so much at every operation. */
function lateBy(lateMs: number): ResultsDocument {
  return documentOf(
    Array.from({ length: 400 }, (_, i) => ({
      dueNs: i * 5 * MS,
      sentNs: i * 5 * MS + lateMs * MS,
      doneNs: i * 5 * MS + (lateMs + 1) * MS,
    })),
  );
}

describe('calibrate', () => {
  it('doubles the rate until it does not hold, and narrows the limit down', async () => {
    const played: number[] = [];
    const limit = 11;
    const play = async (multiplier: number): Promise<ResultsDocument> => {
      played.push(multiplier);
      return lateBy(multiplier <= limit ? 0.1 : 40);
    };
    const found = await calibrate(play, { multiplier: 1, stepSeconds: 1, maxSteps: 8 });
    // 16 does not hold, twice; then 8 * sqrt 2 (does not either, twice), and the middle of 8 and that.
    assert.deepEqual(
      played.map((each) => Math.round(each * 10) / 10),
      [1, 2, 4, 8, 16, 16, 11.3, 11.3, 9.5],
    );
    assert.equal(Math.round((found.highest?.multiplier ?? 0) * 10) / 10, 9.5);
    assert.equal(found.limit_found, true);
    assert.equal(found.floor.multiplier, 1);
    assert.equal(found.floor.send_error_us.max, 100);
    assert.equal(found.floor.service_time_us.min, 1000);
    assert.ok(found.steps[4]?.reasons.includes('generator_late_p99'));
    assert.match(calibrationText(found), /highest rate kept: 9.51x/);
  });

  it('does not say that nothing holds', async () => {
    const options = { multiplier: 1, stepSeconds: 1, maxSteps: 8 };
    await assert.rejects(
      calibrate(async () => documentOf([]), options),
      { code: 'empty', message: 'no operation was sent within 1 s: nothing was measured' },
    );
  });

  it('forgives one hiccup', async () => {
    let plays = 0;
    const found = await calibrate(async () => lateBy(plays++ === 0 ? 40 : 0.1), {
      multiplier: 1,
      stepSeconds: 1,
      maxSteps: 1,
    });
    assert.deepEqual([found.floor.holds, found.highest?.multiplier, found.limit_found], [true, 2, false]);
  });

  it('does not take the streams that the end of a step cut short for a limit', async () => {
    const left = Array.from({ length: 200 }, (_, i) => ({
      dueNs: i * 5 * MS,
      sentNs: i * 5 * MS,
      doneNs: i * 5 * MS + MS,
    }));
    const readAhead = Array.from({ length: 20 }, (_, i) => ({
      record: { protocol: 'grpc' as const, stream: streamWith([0, MS]) },
      dueNs: 1000 * MS + i,
      disposition: 'unsent' as const,
    }));
    const document = documentOf([...left, ...readAhead]);
    assert.ok(document.fidelity.reasons.some(({ code }) => code === 'stream_messages_unsent'));
    const found = await calibrate(async () => document, { multiplier: 1, stepSeconds: 1, maxSteps: 0 });
    assert.deepEqual([found.floor.reasons, found.floor.holds], [[], true]);
  });

  it('says so when not even the first rate holds', async () => {
    const found = await calibrate(async () => lateBy(40), { multiplier: 3, stepSeconds: 1, maxSteps: 8 });
    assert.deepEqual([found.highest, found.limit_found, found.steps.length], [null, true, 2]);
    assert.match(calibrationText(found), /does not keep this plan/);
  });
});

describe('null sink', () => {
  let sink: NullSink;
  before(async () => {
    sink = await startNullSink();
  });
  after(() => sink.close());

  it('answers any HTTP request at once, one after the other on a connection', async () => {
    for (const method of ['GET', 'POST', 'HEAD', 'DELETE']) {
      const status = await new Promise((resolve, reject) => {
        const call = request({ port: sink.httpPort, host: '127.0.0.1', method, path: '/any' }, (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode));
        });
        call.on('error', reject);
        call.end(method === 'POST' ? 'x'.repeat(100_000) : undefined);
      });
      assert.equal(status, 204);
    }
  });

  it('answers any gRPC method with one message', async () => {
    const client = new grpc.Client(`127.0.0.1:${sink.grpcPort}`, grpc.credentials.createInsecure());
    const raw = (bytes: Buffer): Buffer => bytes;
    const answer = await new Promise<Buffer | undefined>((resolve, reject) => {
      client.makeUnaryRequest('/any.Service/Method', raw, raw, Buffer.alloc(5000), (error, value) =>
        error === null ? resolve(value) : reject(error),
      );
    });
    client.close();
    assert.equal(answer?.length, 0);
  });
});

describe('calibrate, the command', () => {
  let folder = '';
  before(async () => {
    folder = newFolder();
  });

  it('plays a trace against a sink of its own and writes what it found', async () => {
    const trace = await writeTrace(join(folder, 'a.trace.zst'), someRecords(40, 5));
    const output = join(folder, 'c.json');
    const flags = ['--step-time', '300ms', '--max-steps', '1', '--output', output];
    const { code, stderr } = await run(['calibrate', '--trace', trace, ...flags]);
    assert.equal(code, 0, stderr);
    const found = JSON.parse(await readFile(output, 'utf8'));
    assert.ok(!found.floor.reasons.includes('errors'), 'the sink answers everything');
    // A machine that stands still may let nothing leave in the time of a step.
    if (found.floor.operations > 0) {
      assert.ok(found.floor.send_error_us.p99 >= found.floor.send_error_us.p50);
      assert.ok(found.floor.cpu_us_per_op > 0);
    }
    // Half a second of recorded time and no busier part than all of it.
    assert.deepEqual([found.floor.window.from_s, found.floor.window.records], [0, 40]);
    assert.match(stderr, /plays from the busiest .* of the trace: from 0 s .*40 records/);
    assert.match(stderr, /floor at 1x: send error p50/);
  });

  it('refuses a pipe, and a plan without times', async () => {
    assert.equal((await run(['calibrate', '--trace', '-'])).code, 2);
    assert.equal((await run(['calibrate', '--trace', 'x', '--timing', 'asap'])).code, 2);
    assert.equal((await run(['calibrate', '--trace', 'x', '--endpoint', 'http://localhost:1'])).code, 2);
  });
});

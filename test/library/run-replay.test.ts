import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { openTrace, runReplay, type Transport, verifyReplay } from '../../src/index.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { someRecords, startServer, writeTrace } from '../cli/replay-support.ts';
import { outcome, validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';

/** Answers at once, says everything twice, and notes what happens to it. */
function createNotingTransport(): Transport & { sent: TraceRecord[]; closed: number } {
  return {
    sent: [],
    closed: 0,
    warmUp: async () => {},
    send(record, _timeScale, listener) {
      this.sent.push(record);
      queueMicrotask(() => {
        for (const _ of [1, 2]) {
          listener.onSent();
          listener.onFirstAnswer();
          listener.onDone(outcome({ responseBytes: 7 }));
        }
      });
      return () => listener.onDone(outcome({ ok: false, status: undefined, failure: 'cancelled' }));
    },
    async close() {
      this.closed += 1;
    },
  };
}

describe('runReplay', () => {
  let folder: string;
  let trace: string;
  before(async () => {
    folder = newFolder();
    trace = join(folder, 'some.trace.zst');
    await writeTrace(trace, someRecords(60, 2));
  });

  it('takes a trace, a target and an output, and needs nothing else', async () => {
    const server = await startServer((_request, response) => response.end('ok'));
    const output = join(folder, 'results.json');
    try {
      const document = validated(await runReplay(trace, server.url, output));
      assert.equal(server.requests.length, 60);
      assert.equal(document.operations.successful, 60);
      assert.equal(document.target.http, server.url);
      assert.equal(document.tool.name, 'engram-trace');
      assert.notEqual(document.fidelity.generator.cpu, null, 'the health of this process is known');
      assert.ok(document.host.cpus > 0);
      assert.deepEqual(JSON.parse(await readFile(output, 'utf8')), JSON.parse(JSON.stringify(document)));
      await assert.rejects(runReplay(trace, server.url, output), { code: 'usage', where: output });
      await assert.rejects(runReplay(trace, server.url, { output: trace, force: true }), {
        code: 'usage',
        message: 'trace and output are the same file, and one would be lost to the other',
      });
      assert.equal(server.requests.length, 60, 'nothing was sent');
    } finally {
      await server.close();
    }
  });

  it('plays by a transport of the caller, whatever the protocol, and its log proves the document', async () => {
    const mixed = join(folder, 'mixed.trace.zst');
    const records = someRecords(40, 1).map((record, i) =>
      i % 2 ? { ...record, protocol: 'grpc' as const } : record,
    );
    await writeTrace(mixed, records);
    const transport = createNotingTransport();
    const replayLog = join(folder, 'mixed.rlog');
    const document = validated(await runReplay(mixed, {}, { transport, replayLog }));
    assert.equal(transport.sent.length, 40);
    assert.equal(transport.closed, 0, 'who made it closes it');
    assert.equal(document.operations.successful, 40);
    assert.equal(document.summary.response_bytes, 40 * 7);
    assert.equal(document.plan.options['transport'], 'own');
    assert.deepEqual(document.target, { http: null, grpc: null, addresses: [] });
    const opened = await openTrace(mixed);
    const { checks, logDamage } = await verifyReplay(replayLog, document, opened);
    await opened.close();
    assert.deepEqual(logDamage, []);
    assert.deepEqual(
      checks.filter(({ agrees }) => !agrees),
      [],
    );
    const httpOnly = await runReplay(mixed, ':1', { transport });
    assert.equal(httpOnly.operations.total, 20);
    assert.equal(httpOnly.fidelity.excluded.no_target, 20, 'a protocol without an endpoint takes no part');
  });

  it('refuses what a transport of the caller cannot do', async () => {
    const transport = createNotingTransport();
    for (const [given, message] of [
      [{ senders: 2 }, /one thread/],
      [{ connections: 'recorded' }, /connections recorded/],
    ] as const) {
      await assert.rejects(runReplay(trace, {}, { transport, ...given }), { code: 'usage', message });
    }
    assert.deepEqual(transport.sent, []);
  });

  it('tells the types of what was measured', async () => {
    const document = await runReplay(trace, {}, { transport: createNotingTransport() });
    const op = Object.keys(document.service_latency).find((name) => name !== 'overall') ?? '';
    const times: (number | null | undefined)[] = [
      document.latency.overall.p99,
      document.latency.p99_ms,
      document.service_latency[op]?.p50,
    ];
    assert.deepEqual(
      times.map((time) => typeof time),
      ['number', 'number', 'number'],
    );
    assert.equal(document.service_latency['no such op']?.p50, undefined);
  });
});

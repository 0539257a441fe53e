import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createDevServer } from '../../src/dev-server/dev-server.ts';
import { runReplay, verifyReplay } from '../../src/index.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { someRecords, startServer, writeTrace } from '../cli/replay-support.ts';
import { runCli } from '../cli/run-cli.ts';
import { validated } from '../results/support.ts';

let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'engram-trace-headers-'));
});

after(() => rm(folder, { recursive: true, force: true }));

const disagreements = async (log: string, document: unknown): Promise<string[]> => {
  const { checks, logDamage } = await verifyReplay(log, document);
  return [...logDamage, ...checks.filter(({ agrees }) => !agrees).map(({ name }) => name)];
};

test('what answers say of who gave them is counted, and the log proves it, also with a value for each', async () => {
  const [few, many] = [join(folder, 'few.trace.zst'), join(folder, 'many.trace.zst')];
  await writeTrace(few, someRecords(200, 1));
  // More values than are kept, of which the document holds a hundred.
  await writeTrace(many, someRecords(1300, 0.2));
  let count = 0;
  const server = await startServer((request, response) => {
    request.resume();
    count += 1;
    if (count % 10 !== 0) response.setHeader('X-Backend', `b${count % 3}`);
    response.setHeader('x-request-id', `id-${Math.min(count, 1250)}`);
    response.end('{}');
  });
  const played = async (trace: string, name: string, senders: number) => {
    const replayLog = join(folder, `${name}-${senders}.replay.zst`);
    const countByHeader = name.toUpperCase();
    const options = { replayLog, senders, rehearsal: false, warn: () => {}, countByHeader };
    return { replayLog, document: validated(await runReplay(trace, server.url, options)) };
  };
  try {
    const { document, replayLog } = await played(few, 'x-backend', 2);
    assert.deepEqual(document.counted_by_header, {
      ...{ name: 'x-backend', values: { b0: 60, b1: 60, b2: 60 } },
      ...{ other: 0, absent: 20 },
    });
    assert.deepEqual(await disagreements(replayLog, document), []);
    const values = { b0: 60, b1: 61, b2: 59 };
    const forged = { ...document, counted_by_header: { ...document.counted_by_header, values } };
    assert.deepEqual((await disagreements(replayLog, forged)).sort(), [
      'counted_by_header.values.b1',
      'counted_by_header.values.b2',
    ]);
    count = 0;
    const ids = await played(many, 'x-request-id', 1);
    const { counted_by_header: counted } = ids.document;
    assert.equal(Object.keys(counted?.values ?? {}).length, 100);
    assert.equal(counted?.other, 1200);
    assert.deepEqual(await disagreements(ids.replayLog, ids.document), []);
  } finally {
    await server.close();
  }
});

test('the command counts by a header of both protocols, and tells of it', async () => {
  const trace = join(folder, 'both.trace.zst');
  const records = someRecords(40, 1).map((record, i) =>
    i % 2 === 0
      ? record
      : {
          ...record,
          ...{ protocol: 'grpc' as const, method: 'POST', path: '/engram.v1.EngramService/Introspect' },
          ...{ headers: [], body: Buffer.alloc(0) },
        },
  );
  await writeTrace(trace, records);
  const server = await createDevServer({ name: 'backend-1' });
  try {
    const target = ['--endpoint', `:${server.httpPort}`, '--grpc-endpoint', `:${server.grpcPort}`];
    const output = join(folder, 'counted.json');
    const flags = ['--count-by-header', 'X-Backend:', '--output', output];
    const played = await runCli(['replay', trace, ...target, ...flags]);
    assert.ok(played.code === 0 || played.code === 98, played.stderr);
    const document = validated(JSON.parse(await readFile(output, 'utf8')) as ResultsDocument);
    assert.deepEqual(document.counted_by_header?.values, { 'backend-1': 40 });
    assert.match(played.stderr, /^answers by x-backend: backend-1 40$/m);

    const clients = ['run', '--clients', '2', '--requests', '5', '--think', '0', ...target.slice(0, 2)];
    const ran = await runCli([...clients, '--count-by-header', 'x-backend', '--output', output, '--force']);
    assert.match(ran.stderr, /^answers by x-backend: backend-1 10$/m);

    const refused = await runCli(['replay', trace, ...target, '--count-by-header', 'x-backend: b1']);
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
    assert.match(refused.stderr, /'x-backend: b1' is not the name of a header/);
  } finally {
    await server.close();
  }
});

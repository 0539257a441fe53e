import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createDevServer } from '../../src/dev-server/dev-server.ts';
import { runReplay, verifyReplay } from '../../src/index.ts';
import { type NullSink, startNullSink } from '../../src/null-sink/null-sink.ts';
import { targetOf } from '../../src/replay/plan/target-of.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { closedPort, someRecords, startServer, writeTrace } from '../cli/replay-support.ts';
import { runCli } from '../cli/run-cli.ts';
import { validated } from '../results/support.ts';

let folder = '';
/** Records of both protocols, of 12 sessions and of none. */
let both = '';
let http = '';

const records = someRecords(120, 1).map((record, i) => ({
  ...record,
  session: i % 13 === 12 ? '' : `s${i % 13}`,
}));
const withGrpc = records.map((record, i) =>
  i % 2 === 0
    ? record
    : {
        ...record,
        protocol: 'grpc' as const,
        method: 'POST',
        path: '/s/M',
        headers: [],
        body: Buffer.alloc(0),
      },
);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'engram-trace-targets-'));
  both = join(folder, 'both.trace.zst');
  http = join(folder, 'http.trace.zst');
  await writeTrace(both, withGrpc);
  await writeTrace(http, records);
});

after(() => rm(folder, { recursive: true, force: true }));

/** How many of these records each of so many targets gets. */
function expectedOf(some: readonly { session: string }[], targets: number): number[] {
  const counts = new Array<number>(targets).fill(0);
  for (const { session } of some) {
    const target = targetOf(session, targets);
    counts[target] = (counts[target] as number) + 1;
  }
  return counts;
}

const totals = ({ targets = [] }: ResultsDocument): number[] =>
  targets.map(({ operations }) => operations.total);
const disagreements = async (log: string, document: unknown) => {
  const { checks, logDamage } = await verifyReplay(log, document);
  return [...logDamage, ...checks.filter(({ agrees }) => !agrees)];
};

async function withSinks(use: (sinks: NullSink[]) => Promise<void>): Promise<void> {
  const sinks = [await startNullSink(), await startNullSink(), await startNullSink()];
  try {
    await use(sinks);
  } finally {
    await Promise.all(sinks.map((sink) => sink.close()));
  }
}

test('sessions of both protocols go to their targets from every thread, and the log proves it', async () => {
  const counts = expectedOf(records, 3);
  assert.ok(counts.every((count) => count > 0));
  await withSinks(async (sinks) => {
    const target = {
      http: sinks.map(({ httpPort }) => `:${httpPort}`),
      grpc: sinks.map(({ grpcPort }) => `:${grpcPort}`),
    };
    const replayLog = join(folder, 'threads.replay.zst');
    const document = validated(await runReplay(both, target, { senders: 2, replayLog, rehearsal: false }));
    assert.deepEqual(totals(document), counts);
    assert.deepEqual(
      document.targets?.map(({ http: url }) => url),
      sinks.map(({ httpPort }) => `http://127.0.0.1:${httpPort}`),
    );
    assert.deepEqual([document.operations.failed, document.plan.options['targets']], [0, 3]);
    assert.deepEqual(await disagreements(replayLog, document), []);
    const forged = structuredClone(document);
    for (const each of forged.targets ?? []) each.operations.failed += 1;
    assert.equal((await disagreements(replayLog, forged)).length, 3, 'a changed number is found');
    const alone = await runReplay(both, { http: target.http[0], grpc: target.grpc[0] }, { rehearsal: false });
    assert.equal(alone.plan.digest, document.plan.digest, 'it is one plan for any number of targets');
    assert.equal(alone.targets, undefined);
  });
});

test('a target that is not there fails the operations of its sessions, and no others', async () => {
  const server = await startServer((_, response) => response.end('ok'));
  const dead = `127.0.0.1:${await closedPort()}`;
  try {
    const told: string[] = [];
    const replayLog = join(folder, 'dead.replay.zst');
    const options = { replayLog, rehearsal: false, warn: (text: string) => void told.push(text) };
    const document = validated(await runReplay(http, { http: [dead, server.url] }, options));
    const [lost, kept] = expectedOf(records, 2);
    assert.deepEqual(
      document.targets?.map(({ operations: { total, failed }, error_rate }) => [total, failed, error_rate]),
      [
        [lost, lost, 1],
        [kept, 0, 0],
      ],
    );
    assert.match(told.join('\n'), /no HTTP server at http:\/\/127\.0\.0\.1:\d+: .*the other targets go on/);
    assert.deepEqual(await disagreements(replayLog, document), []);
    const refused = (more: object, second = server.url) =>
      runReplay(http, { http: [dead, second] }, { rehearsal: false, ...more });
    await assert.rejects(refused({}, `127.0.0.1:${await closedPort()}`), { code: 'target' });
    await assert.rejects(refused({ transport: {} as never }), { message: /knows itself where it sends/ });
  } finally {
    await server.close();
  }
});

async function withTwoServers(use: (endpoints: string[]) => Promise<void>): Promise<void> {
  const servers = [await createDevServer(), await createDevServer()];
  try {
    await use(servers.map(({ httpPort }) => `http://127.0.0.1:${httpPort}`));
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}

const documentIn = async (path: string): Promise<ResultsDocument> =>
  validated(JSON.parse(await readFile(path, 'utf8')) as ResultsDocument);

test('replay takes several endpoints by flag and by variable, tells of each, and refuses what is no list of targets', async () => {
  await withTwoServers(async (endpoints) => {
    const [first = '', second = ''] = endpoints;
    const output = join(folder, 'replay.json');
    const flags = endpoints.flatMap((url) => ['--endpoint', url]);
    const played = await runCli(['replay', http, ...flags, '--output', output]);
    assert.ok(played.code === 0 || played.code === 98, played.stderr);
    assert.deepEqual(totals(await documentIn(output)), expectedOf(records, 2));
    assert.match(played.stderr, /target +sent +errors +p50 ms/);
    for (const url of endpoints) assert.match(played.stderr, new RegExp(`${url} +\\d+ +\\d+ `));

    const planned = await runCli(['replay', http, ...flags, '--dry-run', '--json']);
    assert.deepEqual(
      JSON.parse(planned.stdout).targets,
      expectedOf(records, 2).map((operations, i) => ({ http: endpoints[i], grpc: null, operations })),
    );

    const env = { ENGRAM_TRACE_ENDPOINT: endpoints.join(',') };
    const byVariable = await runCli(['replay', http, '--dry-run', '--json'], { env });
    assert.deepEqual(JSON.parse(byVariable.stdout).targets, JSON.parse(planned.stdout).targets);

    for (const [args, message] of [
      [[first, first], /given twice/],
      [[first, second.replace('127.0.0.1', 'localhost'), second], /the same server/],
      [[first, 'http://x/y'], /has a path/],
      [[`${first},`], /is no http or https URL/],
    ] as const) {
      const refused = await runCli(['replay', http, ...args.flatMap((url) => ['--endpoint', url])]);
      assert.deepEqual([refused.code, refused.stdout], [2, ''], args.join(' '));
      assert.match(refused.stderr, message);
    }
    const calibrated = await runCli(['calibrate', http, ...flags]);
    assert.deepEqual([calibrated.code, calibrated.stdout], [2, '']);
    assert.match(calibrated.stderr, /calibrate plays against a sink of its own/i);
    const uneven = await runCli(['replay', http, ...flags, '--grpc-endpoint', ':1']);
    assert.deepEqual([uneven.code, uneven.stdout], [2, '']);
    assert.match(uneven.stderr, /2 of --endpoint and 1 of --grpc-endpoint are no pairs/);
  });
});

test('clients of a build cache are spread over several endpoints, each with its own hits and misses', async () => {
  await withTwoServers(async (endpoints) => {
    const output = join(folder, 'clients.json');
    const load = ['--clients', '8', '--requests', '25', '--think', '1ms', '--hit-rate', '0.75'];
    const flags = endpoints.flatMap((url) => ['--endpoint', url]);
    const played = await runCli(['run', ...load, ...flags, '--output', output]);
    assert.ok(played.code === 0 || played.code === 98, played.stderr);
    const document = await documentIn(output);
    assert.equal(document.closed_loop, true);
    const [one = 0, other = 0] = totals(document);
    assert.ok(one > 0 && other > 0 && one + other === 200, `${one}, ${other}`);
    const { hits = 0, misses = 0 } = document.cache;
    const sum = (name: 'hits' | 'misses') =>
      (document.targets ?? []).reduce((all, { cache }) => all + (cache[name] ?? 0), 0);
    assert.deepEqual([sum('hits'), sum('misses')], [hits, misses]);
  });
});

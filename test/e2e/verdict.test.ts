import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import { readReplayLog } from '../../src/replay-log/read-replay-log.ts';
import { startReplayLog } from '../../src/replay-log/start-replay-log.ts';
import { measureReplay } from '../../src/replay-run/measure-replay.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../src/replay-run/target/endpoint.ts';
import { createResultsDocument } from '../../src/results/create-results-document.ts';
import { hostSection } from '../../src/results/document/host-section.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import type { HealthSources } from '../../src/results/health/generator-health.ts';
import { HEALTH_SOURCES } from '../../src/results/health/health-sources.ts';
import { ResultsRecorder } from '../../src/results/tally/results-recorder.ts';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import {
  closedPort,
  longRecords,
  ok,
  run,
  someRecords,
  start,
  startServer,
  type TestServer,
  writeTrace,
} from '../cli/replay-support.ts';
import { blocksOf, framesIn, makeOperation } from '../replay-log/support.ts';
import { documentInput, emptyEnd, makeRecord, SECOND, validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { PATIENT } from '../support/patient.ts';
import { sealedLog, writeLog } from '../verify/support.ts';

// What a busy test machine may add to any run: never a fault of the plan, the counts or the order.
const ENVIRONMENT = new Set([
  'generator_late_p99',
  'generator_late_p50',
  'gate_wait',
  'drift',
  'gaps',
  'dispersion',
  'event_loop_delay_p99',
  'event_loop_stall',
  'gc_pause',
  'gc_share',
  'steal',
  'cpu_pressure',
  'cpu_throttled',
  'read_ahead_dry',
]);

const LONG = longRecords();
let folder = '';
before(async () => {
  folder = newFolder();
});

interface Staged {
  document: ResultsDocument;
  logPath: string;
  tracePath: string;
}

interface Stage {
  records?: ReturnType<typeof someRecords>;
  answer?: RequestListener;
  replay?: Parameters<typeof measureReplay>[0]['replay'];
  health?: Partial<HealthSources>;
  /** Runs from the first operation on; what it returns is called at the end. */
  meanwhile?: () => () => void;
}

let runs = 0;

/** A replay in this process, over sockets, with its log. */
async function staged(stage: Stage): Promise<Staged> {
  const [tracePath, logPath] = [join(folder, `${++runs}.trace.zst`), join(folder, `${runs}.rlog`)];
  await writeTrace(tracePath, stage.records ?? someRecords(300, 4));
  const server = await startServer(stage.answer ?? ok);
  const trace = await openTrace(tracePath);
  let stop = (): void => {};
  try {
    const document = await measureReplay(
      {
        trace,
        http: parseHttpEndpoint(server.url),
        grpc: parseGrpcEndpoint('127.0.0.1:1'),
        replay: { ...PATIENT, ...stage.replay },
      },
      {
        clock: createRealClock(),
        nowMs: () => Date.now(),
        tool: { name: 'engram-trace', version: '0' },
        host: hostSection(),
        health: { ...HEALTH_SOURCES, ...stage.health },
        openReplayLog: (header) => startReplayLog({ path: logPath, header }),
        warn: () => {},
        onStart: () => {
          stop = stage.meanwhile?.() ?? stop;
        },
      },
    );
    return { document: validated(document), logPath, tracePath };
  } finally {
    stop();
    await trace.close();
    await server.close();
  }
}

function codesOf({ fidelity }: ResultsDocument): string[] {
  return fidelity.reasons.map(({ code }) => code);
}

/** The log proves the document, whatever the verdict is. */
async function assertProven({ document, logPath, tracePath }: Staged): Promise<void> {
  const trace = await openTrace(tracePath);
  const result = await verifyReplay(logPath, document, trace);
  await trace.close();
  assert.deepEqual(result.logDamage, []);
  assert.deepEqual(
    result.checks.filter(({ agrees }) => !agrees),
    [],
  );
}

describe('the verdict of a staged run', () => {
  it('healthy: nothing but what the test machine itself may have added', async () => {
    const run = await staged({});
    const { fidelity, operations } = run.document;
    assert.equal(operations.successful, 300);
    assert.equal(fidelity.accounting.closes, true);
    assert.equal(fidelity.inversions, 0);
    assert.deepEqual(
      codesOf(run.document).filter((code) => !ENVIRONMENT.has(code)),
      [],
    );
    assert.equal(fidelity.reasons.length === 0, fidelity.verdict === 'valid');
    await assertProven(run);
  });

  it('generator starved of CPU: not valid, and the generator is named', async () => {
    const run = await staged({
      records: someRecords(40, 20),
      replay: { order: 'open' },
      meanwhile: () => {
        const block = (): NodeJS.Timeout => {
          const untilMs = performance.now() + 400;
          while (performance.now() < untilMs);
          timer = setTimeout(block, 60);
          return timer;
        };
        let timer = setTimeout(block, 100);
        return () => clearTimeout(timer);
      },
    });
    const { fidelity } = run.document;
    assert.equal(fidelity.verdict, 'invalid');
    const codes = codesOf(run.document);
    for (const code of ['generator_late_p99', 'event_loop_stall'])
      assert.ok(codes.includes(code), `${codes}`);
    assert.ok(!codes.includes('back_pressure'), 'nothing was full');
    assert.ok(fidelity.lateness_attribution.stalls.count > 0);
    await assertProven(run);
  });

  it('server slow: response times tell, and the generator is not blamed', async () => {
    let stalledUntilMs: number | undefined;
    let served = 0;
    const run = await staged({
      records: someRecords(300, 10),
      replay: { order: 'open' },
      answer: (request, response) => {
        request.resume();
        if (++served === 60) stalledUntilMs = performance.now() + 3000;
        const waitMs = Math.max(0, (stalledUntilMs ?? 0) - performance.now());
        setTimeout(() => response.end('{}'), waitMs);
      },
    });
    const { document } = run;
    assert.ok((document.latency.overall.p99 ?? 0) > 1500, `response p99 ${document.latency.overall.p99} ms`);
    assert.ok((document.service_latency.overall.p99 ?? 0) > 1500, 'operations left in the stall');
    const { generator_lateness_us: own, reasons } = document.fidelity;
    const late = reasons.filter(({ code }) => code.startsWith('generator_late'));
    // A noisy machine may be late by itself, but not by half of the stall; or it stands still, and then more tells of it.
    const isStill = codesOf(document).some((code) => /^event_loop|^cpu_|^steal/.test(code));
    assert.ok(late.length === 0 || (own.p99 ?? 0) < 1.5e6 || isStill, JSON.stringify(late));
    assert.deepEqual(
      // Without an order of sessions, one that opens a connection may be overtaken by the next.
      codesOf(document).filter((code) => !ENVIRONMENT.has(code) && code !== 'inversions'),
      [],
    );
    await assertProven(run);
  });

  it('shed operations: counted, and the verdict says so', async () => {
    const run = await staged({
      records: someRecords(60, 5),
      replay: { order: 'open', behind: 'shed', maxInFlight: 1, shedAfterNs: 0.1 * SECOND },
      answer: (request, response) => {
        request.resume();
        setTimeout(() => response.end('{}'), 150);
      },
    });
    const { fidelity } = run.document;
    assert.ok(fidelity.accounting.shed > 0);
    assert.equal(fidelity.accounting.closes, true);
    assert.notEqual(fidelity.verdict, 'valid');
    assert.equal(fidelity.reasons.find(({ code }) => code === 'shed')?.observed, fidelity.accounting.shed);
    // Where the machine is late itself, that is told in place of it.
    const codes = codesOf(run.document);
    assert.ok(codes.includes('back_pressure') || codes.includes('generator_late_p99'), codes.join());
    await assertProven(run);
  });

  it('reordered session: invalid, and the log proves the inversion', async () => {
    const order = [0, 1, 3, 2, 4];
    const operations = order.map((number, i) => {
      const dueNs = SECOND + number * 1e6;
      const sentNs = SECOND + 20e6 + i * 1e6;
      const record = makeRecord({ startNs: number * 1e6, durationNs: 1000, session: 's' });
      return makeOperation(number, { record, dueNs, readyNs: dueNs, sentNs, doneNs: sentNs + 1000 });
    });
    const recorder = new ResultsRecorder({ timeScale: 1 });
    const end = emptyEnd();
    end.startNs = SECOND;
    for (const operation of operations) {
      recorder.onSent(operation, 1);
      recorder.onSettled(operation, 'ok', 0);
      end.accounting.planned += 1;
      end.accounting.sent += 1;
      end.accounting.ok += 1;
    }
    const input = documentInput();
    const options = { rate_multiplier: 1, timing: 'absolute', behind: 'catch-up', max_in_flight: 100 };
    const plan = { ...input.plan, options };
    const document = validated(createResultsDocument({ ...input, plan, recorder, end }));
    assert.equal(document.fidelity.verdict, 'invalid');
    assert.equal(document.fidelity.inversions, 1);
    assert.ok(codesOf(document).includes('inversions'));
    const blocks = blocksOf(operations.map((operation) => [operation, 'ok']));
    const { log, section } = await sealedLog(blocks, document, SECOND);
    const path = await writeLog(folder, log);
    assert.equal((await verifyReplay(path, { ...document, replay_log: section })).agrees, true);
    const hidden = { ...document.fidelity, inversions: 0 };
    const forged = { ...document, replay_log: section, fidelity: hidden };
    const { checks } = await verifyReplay(path, forged);
    assert.deepEqual(
      checks.filter(({ agrees }) => !agrees).map(({ name, recomputed }) => [name, recomputed]),
      [['fidelity.inversions', 1]],
    );
  });

  it('clock stepped: said, with the size of the step', async () => {
    let stepMs = 0;
    const run = await staged({
      health: { clocks: { wallMs: () => Date.now() + stepMs, monotonicNs: () => performance.now() * 1e6 } },
      meanwhile: () => {
        const timer = setTimeout(() => {
          stepMs = -3_600_000;
        }, 300);
        return () => clearTimeout(timer);
      },
    });
    assert.notEqual(run.document.fidelity.verdict, 'valid');
    const reason = run.document.fidelity.reasons.find(({ code }) => code === 'clock_stepped');
    assert.ok(Math.abs(Number(reason?.observed) - 3_600_000) < 1000, JSON.stringify(reason));
    await assertProven(run);
  });
});

describe('a replay log from the command line', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer(ok);
  });
  after(() => server.close());

  const files = (name: string) => ({
    trace: join(folder, `${name}.trace.zst`),
    log: join(folder, `${name}.rlog`),
    results: join(folder, `${name}.json`),
  });
  const replayArgs = (
    { trace, log, results }: ReturnType<typeof files>,
    senders = 1,
    url = server.url,
  ): string[] => [
    ...['replay', '--trace', trace, '--endpoint', url, '--output', results, '--replay-log', log],
    ...['--senders', String(senders), '--drain', '1s'],
  ];

  it('proves its document; tampered with, it does not, and a forged document is found', async () => {
    const paths = files('whole');
    await writeTrace(paths.trace, someRecords(200, 3));
    const replayed = await run(replayArgs(paths));
    assert.ok(replayed.code === 0 || replayed.code === 98, replayed.stderr);
    const good = await run(['verify', paths.log, paths.results, '--trace', paths.trace]);
    assert.equal(good.code, 0, good.stdout);
    assert.match(good.stdout, /All \d+ values agree with the log's 200 operations/);

    const document = await readFile(paths.results, 'utf8');
    await writeFile(paths.results, document.replace('"successful": 200', '"successful": 199'));
    const forged = await run(['verify', paths.log, paths.results]);
    assert.equal(forged.code, 1);
    assert.match(forged.stdout, /FAIL {2}operations\.successful: in the document 199, recomputed 200/);
    await writeFile(paths.results, document);

    const frames = await framesIn(paths.log);
    await writeFile(paths.log, Buffer.concat(frames.filter((_, i) => i !== 1)));
    const tampered = await run(['verify', paths.log, paths.results]);
    assert.equal(tampered.code, 1);
    assert.match(tampered.stdout, /FAIL {2}replay log: .*does not follow the frame before it/);

    assert.equal((await run(['verify', paths.log])).code, 2);
    assert.equal((await run(['verify', join(folder, 'none'), paths.results])).code, 1);
    assert.equal((await run(['verify', paths.trace, paths.results])).code, 1);
  });

  for (const senders of [1, 2]) {
    it(`is whole and proves its document after Ctrl-C (${senders} senders)`, async () => {
      const paths = files(`interrupted-${senders}`);
      await writeTrace(paths.trace, LONG);
      const seen = server.requests.length;
      // One of them writes its document to stdout.
      const output = senders === 1 ? '-' : paths.results;
      const { child, finished } = start(replayArgs({ ...paths, results: output }, senders));
      await server.reached(seen + 50);
      child.kill('SIGINT');
      const { code, stderr, stdout } = await finished;
      assert.equal(code, 130, stderr);
      if (output === '-') await writeFile(paths.results, stdout);
      const verified = await run(['verify', paths.log, paths.results]);
      assert.equal(verified.code, 0, verified.stdout);
      const document = validated(JSON.parse(await readFile(paths.results, 'utf8')) as ResultsDocument);
      assert.equal(document.summary.stop, 'interrupted');
      assert.notEqual(document.fidelity.verdict, 'valid');
      assert.ok(document.operations.total >= 50 && document.operations.total < LONG.length);
      // What is left of a plan is counted for two seconds.
      const { planned, unsent, closes, plan_complete: isWhole } = document.fidelity.accounting;
      assert.ok(closes && unsent > 0, `${unsent}`);
      if (isWhole) assert.equal(unsent, LONG.length - document.operations.total);
      assert.equal(document.replay_log?.entries, planned);
      assert.ok(isWhole ? planned === LONG.length : planned < LONG.length, `${planned}`);
    });
  }

  it('is whole and proves its document when the trace can not be read on', async () => {
    const paths = files('broken');
    await writeTrace(paths.trace, someRecords(400, 2), {}, 4096);
    const bytes = await readFile(paths.trace);
    bytes.fill(0xff, Math.floor(bytes.length * 0.4), Math.floor(bytes.length * 0.4) + 64);
    await writeFile(paths.trace, bytes);
    const { code, stderr } = await run(replayArgs(paths));
    assert.equal(code, 1, stderr);
    const verified = await run(['verify', paths.log, paths.results]);
    assert.equal(verified.code, 0, verified.stdout);
    const document: ResultsDocument = JSON.parse(await readFile(paths.results, 'utf8'));
    assert.deepEqual([document.summary.stop, document.fidelity.verdict], ['source_error', 'invalid']);
  });

  it('is readable after kill -9', async () => {
    const paths = files('killed');
    await writeTrace(paths.trace, LONG);
    const { child, finished } = start(replayArgs(paths));
    const leftNow = async () => {
      const [left] = (await readdir(folder)).filter((name) => name.startsWith('killed.rlog.'));
      return readReplayLog(join(folder, left ?? 'nothing left'), () => {});
    };
    // Blocks close after a second of answers.
    while (child.exitCode === null && ((await leftNow().catch(() => undefined))?.entries ?? 0) === 0) {
      await pause(100);
    }
    child.kill('SIGKILL');
    await finished;
    const reading = await leftNow();
    assert.ok(reading.entries > 0);
    assert.equal(reading.end, undefined);
  });

  it('keeps what is there, and says so when nothing answers', async () => {
    const paths = files('refused');
    await writeTrace(paths.trace, someRecords(20, 2));
    await writeFile(paths.log, 'mine');
    assert.equal((await run(replayArgs(paths))).code, 2);
    assert.equal(await readFile(paths.log, 'utf8'), 'mine');
    const nowhere = `http://127.0.0.1:${await closedPort()}`;
    const refused = await run([...replayArgs(paths, 1, nowhere), '--force']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /nobody listens there/);
    assert.equal(await readFile(paths.log, 'utf8'), 'mine');
  });
});

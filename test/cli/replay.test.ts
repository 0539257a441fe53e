import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import { MS, makeRecord, validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import {
  closedPort,
  type Finished,
  ok,
  run,
  someRecords,
  start,
  startGrpcServer,
  startServer,
  type TestServer,
  writeTrace,
} from './replay-support.ts';

let folder: string;
let short: string;
const open: TestServer[] = [];

before(async () => {
  folder = newFolder();
  short = await writeTrace(join(folder, 'short.trace.zst'), someRecords(60, 2));
});
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function server(answer = ok): Promise<TestServer> {
  const started = await startServer(answer);
  open.push(started);
  return started;
}

function documentIn(finished: Finished): ResultsDocument {
  assert.notEqual(finished.stdout, '', finished.stderr);
  return validated(JSON.parse(finished.stdout));
}

/** The machine may stall at any time; what the verdict says is then what the exit code has to say. */
function assertExitByVerdict({ code, stderr }: Finished, document: ResultsDocument, otherwise = 0): void {
  assert.equal(code, document.fidelity.verdict === 'invalid' ? 98 : otherwise, stderr);
}

function assertNoStack(stderr: string): void {
  assert.doesNotMatch(stderr, /\n\s+at /);
}

describe('replay', () => {
  it('sends every record once, in order, and writes the document to stdout', async () => {
    const target = await server();
    const finished = await run(['replay', '--trace', short, '--endpoint', target.url]);
    const document = documentIn(finished);
    assertExitByVerdict(finished, document);
    assert.deepEqual(
      target.requests.map(({ method, url }) => `${method} ${url}`).sort(),
      someRecords(60, 2)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
    for (const session of [0, 1, 2, 3, 4]) {
      const numbers = target.requests
        .map(({ url }) => Number(url.split('=')[1]))
        .filter((n) => n % 5 === session);
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      );
    }
    assert.equal(typeof document.latency.overall.p99, 'number');
    assert.equal(document.summary.error_rate, 0);
    const { ops: _, ...operations } = document.operations;
    assert.deepEqual(operations, { total: 60, successful: 60, failed: 0, cancelled: 0 });
    assert.equal(document.fidelity.accounting.closes, true);
    assert.equal(document.fidelity.inversions, 0);
    assert.equal(document.target.http, target.url);
    assert.match(finished.stderr, /sent 60 of 60 operations/);
  });

  it('has one digest for one plan and another for another', async () => {
    const target = await server();
    const digest = async (...more: string[]) => {
      const finished = await run([
        'replay',
        '--trace',
        short,
        '--endpoint',
        target.url,
        '--timing',
        'asap',
        ...more,
      ]);
      return documentIn(finished).plan.digest;
    };
    const first = await digest();
    assert.equal(await digest(), first);
    assert.notEqual(await digest('--order', 'open'), first);
    assert.notEqual(await digest('--only', 'reads'), first);
  });

  it('writes a file, never over another one unless forced, and leaves nothing half written', async () => {
    const target = await server();
    const output = join(folder, 'out.json');
    const args = ['replay', '--trace', short, '--endpoint', target.url, '--output', output, '--quiet'];
    const first = await run(args);
    assert.equal(first.stdout, '');
    const document = validated(JSON.parse(await readFile(output, 'utf8')));
    assertExitByVerdict(first, document);
    const sent = target.requests.length;
    const second = await run(args);
    assert.equal(second.code, 2);
    assert.match(second.stderr, /exists/);
    assert.equal(target.requests.length, sent, 'nothing was sent');
    const third = await run([...args, '--force']);
    assert.notEqual(third.code, 2);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes('tmp')),
      [],
    );
  });

  it('takes a trace from a pipe, once', async () => {
    const target = await server();
    const bytes = await readFile(short);
    const finished = await run(['replay', '--trace', '-', '--endpoint', target.url], bytes);
    assert.equal(documentIn(finished).operations.total, 60);
    const twice = await run(['replay', '--trace', '-', '--endpoint', target.url, '--loop', '2'], bytes);
    assert.equal(twice.code, 2);
    assert.match(twice.stderr, /pipe/);
  });

  it('sends only reads, only writes, a part, or several passes', async () => {
    const target = await server();
    const base = ['replay', '--trace', short, '--endpoint', target.url, '--quiet'];
    const reads = documentIn(await run([...base, '--only', 'reads']));
    assert.equal(reads.operations.total, 40);
    assert.equal(reads.fidelity.excluded.filtered_out, 20);
    assert.ok(target.requests.every(({ method }) => method === 'GET'));
    const part = documentIn(await run([...base, '--from', '20ms', '--to', '40ms']));
    assert.equal(part.operations.total, 10);
    const looped = documentIn(await run([...base, '--loop', '3', '--rate-multiplier', '2']));
    assert.equal(looped.operations.total, 180);
    assert.equal(looped.fidelity.inversions, 0);
  });

  it('sets headers from flags and files, which win over recorded ones', async () => {
    const target = await server();
    const secrets = join(folder, 'secrets');
    await writeFile(secrets, 'authorization: Bearer s3cret\n');
    const headers = ['-H', `@${secrets}`, '--header', 'content-type: text/x'];
    const finished = await run(['replay', '--trace', short, '--endpoint', target.url, ...headers]);
    documentIn(finished);
    const [first] = target.requests;
    assert.equal(first?.headers.authorization, 'Bearer s3cret');
    assert.equal(first?.headers['content-type'], 'text/x');
    assert.ok(!`${finished.stdout}${finished.stderr}`.includes('s3cret'));
  });

  it('tells what it sent without what was redacted, until all of it is given', async () => {
    const target = await server();
    const records = someRecords(12, 1).map((record, i) => ({
      ...record,
      headers: i < 8 ? [...record.headers, 'authorization', '[redacted]'] : record.headers,
    }));
    const trace = await writeTrace(join(folder, 'redacted.trace.zst'), records);
    const args = ['replay', '--trace', trace, '--endpoint', target.url];
    for (const senders of ['1', '2']) {
      const without = await run([...args, '--senders', senders]);
      const { fidelity } = documentIn(without);
      assert.deepEqual(fidelity.redacted, { operations: 8, names: ['header:authorization'] });
      assert.ok(fidelity.reasons.some(({ code, observed }) => code === 'redacted' && observed === 8));
      assert.notEqual(fidelity.verdict, 'valid');
      assert.equal(
        without.stderr.match(/warning: .*redacted in the trace: 8 \(header:authorization; -H/g)?.length,
        1,
      );
    }
    const given = await run([...args, '-H', 'Authorization: Bearer s3cret']);
    assert.deepEqual(documentIn(given).fidelity.redacted, { operations: 0, names: [] });
    assert.doesNotMatch(given.stderr, /redacted/);
    const plan = await run([...args, '--dry-run']);
    assert.match(plan.stdout, /redacted +8 a pass go without header:authorization/);
    const json = JSON.parse((await run([...args, '--dry-run', '--json'])).stdout);
    assert.deepEqual(json.redacted, { operations: 8, names: ['header:authorization'] });
  });

  it('prints the plan and sends nothing with --dry-run', async () => {
    const target = await server();
    const args = ['replay', '--trace', short, '--endpoint', target.url, '--dry-run'];
    const text = await run([...args, '--rate-multiplier', '2']);
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /operations +60/);
    assert.match(text.stdout, /duration +0\.059 s/);
    const plan = JSON.parse((await run([...args, '--json'])).stdout);
    assert.equal(plan.operations, 60);
    assert.deepEqual(plan.ops, { remember: 20, recall: 40 });
    assert.equal(plan.first_due[1].due_secs, 0.002);
    assert.equal(target.requests.length, 0);
  });
});

describe('replay safety', () => {
  it('refuses the server the trace was recorded from, by any of its names', async () => {
    const target = await server();
    const port = target.authority.split(':')[1];
    const origins = [`localhost:${port}`];
    const trace = await writeTrace(join(folder, 'origin.trace.zst'), someRecords(5, 1), { origins });
    const args = ['replay', '--trace', trace, '--endpoint', target.url];
    const refused = await run(args);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--allow-origin/);
    const addressed = someRecords(5, 1).map((record) => ({
      ...record,
      headers: ['Host', `prod.test:${port}`],
    }));
    const named = await writeTrace(join(folder, 'addressed.trace.zst'), addressed, {});
    const byName = await run(['replay', '--trace', named, '--endpoint', `http://Prod.test:${port}`]);
    assert.equal(byName.code, 2, byName.stderr);
    assert.match(byName.stderr, /prod\.test:.* is where this trace was recorded/);
    assert.equal(target.requests.length, 0);
    const allowed = await run([...args, '--allow-origin']);
    assert.equal(documentIn(allowed).operations.total, 5);
  });

  it('plans what it would refuse, and says that it would', async () => {
    const origins = ['localhost:7432'];
    const trace = await writeTrace(join(folder, 'planned.trace.zst'), someRecords(5, 1), { origins });
    const args = ['replay', '--trace', trace, '--dry-run'];
    const text = await run(args);
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /operations +5/);
    assert.match(
      text.stderr,
      /warning: .*would be refused: http:\/\/localhost:7432 is where .*--allow-origin/,
    );
    const plan = JSON.parse((await run([...args, '--json'])).stdout);
    assert.equal(plan.operations, 5);
    assert.match(plan.refusals[0].message, /where this trace was recorded/);
    for (const more of [['--allow-origin'], ['--endpoint', 'http://127.0.0.1:7433']]) {
      assert.equal((await run([...args, ...more])).stderr, '');
    }
    const unnamed = await run([
      ...args,
      '--grpc-endpoint',
      'other:1',
      '--behind',
      'stretch',
      '--senders',
      '2',
    ]);
    assert.equal(unnamed.code, 0, unnamed.stderr);
    assert.match(unnamed.stdout, /5 without a target/);
    assert.match(unnamed.stderr, /would be refused: 5 operations of .* are HTTP/);
    assert.match(unnamed.stderr, /would be refused: --behind stretch/);
  });

  it('refuses credentials in a URL and does not print them', async () => {
    const finished = await run(['replay', '--trace', short, '--endpoint', 'http://user:hunter2@127.0.0.1:1']);
    assert.equal(finished.code, 2);
    assert.match(finished.stderr, /credentials/);
    assert.doesNotMatch(finished.stderr, /hunter2/);
  });

  const wrong: [string, string[], RegExp][] = [
    ['an unknown flag', ['--trace', 'x', '--rate-multiplyer', '2'], /--rate-multiplier/],
    ['a multiplier of 0', ['--trace', 'x', '--rate-multiplier', '0'], /--rate-multiplier.*above 0/s],
    ['a timing that is none', ['--trace', 'x', '--timing', 'slowly'], /absolute, think, asap or rate=N/],
    ['a tiny speed', ['--trace', 'x', '--rate-multiplier', '1e-300'], /1e-6 to 1e6/],
    ['a speed in hex', ['--trace', 'x', '--rate-multiplier', '0x10'], /1e-6 to 1e6/],
    ['a tiny rate', ['--trace', 'x', '--timing', 'rate=1e-300'], /1e-6 to 1e6/],
    ['asap at a speed', ['--trace', '', '--timing', 'asap', '--rate-multiplier', '2'], /no meaning with/],
    ['json without a plan', ['--trace', '', '--json', '-o', '-'], /--dry-run/],
    ['a policy that is none', ['--trace', 'x', '--behind', 'panic'], /catch-up, shed, stretch, abort/],
    ['an impossible time', ['--trace', '', '--from', '2025-02-30T00:00:00Z'], /--from.*not a time/s],
    ['a range turned round', ['--trace', '', '--from', '3s', '--to', '1s'], /ends before it starts/],
    ['TLS flags without TLS', ['--trace', '', '--ca', 'x.pem'], /https/],
    [
      'a certificate without its key',
      ['--trace', '', '--endpoint', 'https://h', '--cert', 'x'],
      /--cert and --key/,
    ],
    ['a header that is none', ['--trace', '', '-H', 'nonsense'], /NAME: VALUE/],
  ];
  for (const [what, args, message] of wrong) {
    it(`answers ${what} with exit code 2`, async () => {
      const finished = await run(['replay', ...args.map((arg) => (arg === '' ? short : arg))]);
      assert.equal(finished.code, 2, finished.stderr);
      assert.match(finished.stderr, message);
      assert.equal(finished.stdout, '');
      assertNoStack(finished.stderr);
    });
  }

  it('sends nothing to the default target of a protocol where only the other was named', async () => {
    const finished = await run(['replay', '--trace', short, '--grpc-endpoint', '127.0.0.1:1']);
    assert.equal(finished.code, 2, finished.stderr);
    assert.match(finished.stderr, /\d+ operations of .* are HTTP/);
    assert.match(finished.stderr, /--endpoint URL, or select with engram-trace filter --protocol grpc/);
  });

  it('leaves out what would end the target and makes its spaces first, as the plan says it would', async () => {
    const records = someRecords(20, 2).map((record, i) => ({ ...record, space: `space-${i % 2}` }));
    const ending = makeRecord({ startNs: 50 * MS, op: 'shutdown', method: 'POST', path: '/shutdown?now' });
    const trace = await writeTrace(join(folder, 'spaces.trace.zst'), [...records, ending]);
    const target = await server((request, response) => {
      request.resume();
      response.writeHead(request.method === 'POST' ? 201 : 200).end('{"spaces":[{"id":"space-1"}]}');
    });
    const args = ['replay', '--trace', trace, '--endpoint', target.url, '--prepare'];
    const plan = JSON.parse((await run([...args, '--dry-run', '--json'])).stdout);
    assert.deepEqual(plan.prepare, { spaces: 2, names: ['space-0', 'space-1'] });
    assert.deepEqual(
      [plan.operations, plan.dangerous[0].pattern, plan.dangerous[0].count],
      [20, 'POST /shutdown', 1],
    );
    assert.match(
      (await run([...args, '--dry-run'])).stdout,
      /POST \/shutdown: it ends the server[\s\S]*space-1/,
    );
    assert.equal(target.requests.length, 0);

    const finished = await run(args);
    const document = documentIn(finished);
    assert.match(finished.stderr, /would harm the target: 1 POST \/shutdown/);
    assert.match(finished.stderr, /prepared 2 spaces before: 1 made, 1 there already/);
    assert.deepEqual(
      [document.prepare?.made, document.prepare?.existed, document.operations.total],
      [1, 1, 20],
    );
    assert.deepEqual(
      target.requests.slice(0, 2).map(({ method, url }) => `${method} ${url}`),
      ['GET /api/v1/spaces', 'POST /api/v1/spaces'],
    );
    assert.ok(!target.requests.some(({ url }) => url.startsWith('/shutdown')));
    await run(['replay', '--trace', trace, '--endpoint', target.url, '--include-dangerous']);
    assert.equal(target.requests.filter(({ url }) => url === '/shutdown?now').length, 1);
  });

  it('leaves records of a protocol without a target out where no index tells of them, and says so', async () => {
    const target = await server();
    const call = makeRecord({ startNs: MS, op: 'call', protocol: 'grpc', method: 'POST', path: '/a.B/C' });
    const lines = await readFile(
      await writeTrace(join(folder, 'piped.ndjson'), [...someRecords(20, 2), call]),
    );
    const args = ['replay', '--trace', '-', '--endpoint', target.url];
    for (const senders of ['1', '2']) {
      const finished = await run([...args, '--senders', senders], lines);
      const document = documentIn(finished);
      assertExitByVerdict(finished, document);
      assert.match(
        finished.stderr,
        /warning: gRPC records left out, because --grpc-endpoint was not given: 1/,
      );
      const { ops: _, ...operations } = document.operations;
      assert.deepEqual(operations, { total: 20, successful: 20, failed: 0, cancelled: 0 });
      assert.equal(document.fidelity.excluded.no_target, 1);
      assert.equal(document.target.grpc, null);
      assert.notEqual(document.fidelity.verdict, 'valid');
      assert.ok(document.fidelity.reasons.some(({ code }) => code === 'excluded_no_target'));
      assert.equal(document.fidelity.engine.missing_from_plan_statistics, 0);
    }
    const plan = JSON.parse((await run([...args, '--dry-run', '--json'], lines)).stdout);
    assert.deepEqual([plan.operations, plan.excluded.no_target], [20, 1]);
    const none = await run(
      ['replay', '--trace', '-', '--grpc-endpoint', '127.0.0.1:1'],
      await readFile(await writeTrace(join(folder, 'http.ndjson'), someRecords(7, 1))),
    );
    assert.equal(none.code, 1, none.stderr);
    assert.match(none.stderr, /7 without a target/);
  });

  it('says that a trace is empty, or that nothing of it can be sent', async () => {
    const empty = await writeTrace(join(folder, 'empty.trace.zst'), []);
    for (const more of [[], ['--dry-run']]) {
      const finished = await run(['replay', '--trace', empty, ...more]);
      assert.equal(finished.code, 1);
      assert.match(finished.stderr, /no records to replay/);
      assert.equal(finished.stdout, '');
    }
    const reads = someRecords(4, 1).filter(({ method }) => method === 'GET');
    const trace = await writeTrace(join(folder, 'reads.ndjson'), reads);
    const none = await run(['replay', '--trace', trace, '--only', 'writes']);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /none of the 2 records.*: 2 by --only/);
    assert.match(none.stderr, /[Oo]ps there are: recall \(2\)/);
    const plan = await run(['replay', '--trace', trace, '--only', 'writes', '--dry-run']);
    assert.equal(plan.code, 0);
    assert.match(plan.stderr, /would be refused: none of the 2 records/);
  });
});

describe('replay against a target that misbehaves', () => {
  const base = ['replay', '--trace'];

  it('is down at the start: a message at once, no document, exit code 1', async () => {
    const port = await closedPort();
    const target = ['--endpoint', `http://127.0.0.1:${port}`, '--senders', '2'];
    const finished = await run([...base, short, ...target]);
    assert.equal(finished.code, 1);
    assert.match(
      finished.stderr,
      new RegExp(`no HTTP server at http://127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`),
    );
    assert.match(finished.stderr, /--wait-for-target/);
    assert.equal(finished.stdout, '');
    assertNoStack(finished.stderr);
  });

  it('goes down in the middle: counted errors, with the first record of each kind', async () => {
    let answered = 0;
    const target = await server((request, response) => {
      ok(request, response);
      if (++answered === 20) void target.close();
    });
    const finished = await run([...base, short, '--endpoint', target.url]);
    const document = documentIn(finished);
    assertExitByVerdict(finished, document);
    assert.equal(document.operations.total, 60);
    // With the server go the answers that are on their way, one a session.
    assert.ok(document.operations.successful >= 10 && document.operations.successful <= 30);
    assert.ok(document.operations.failed >= 30);
    const first = document.errors[0]?.first_record;
    assert.match(
      first?.command ?? '',
      new RegExp(`inspect .*short\\.trace\\.zst --record ${first?.number}$`),
    );
    assert.equal(document.fidelity.accounting.closes, true);
  });

  it('resets every connection', async () => {
    const target = await server((request) => request.socket.resetAndDestroy());
    const finished = await run([...base, short, '--endpoint', target.url]);
    assert.equal(finished.code, 1);
    const codes = documentIn(finished).errors.map(({ code }) => code);
    assert.ok(codes.length > 0);
    for (const code of codes) assert.match(code, /^connection_(reset|closed)$/);
  });

  it('hangs: every operation times out', async () => {
    const target = await server(() => {});
    const finished = await run([
      ...base,
      short,
      '--endpoint',
      target.url,
      '--timeout',
      '200ms',
      '--order',
      'open',
    ]);
    assert.equal(finished.code, 1);
    const document = documentIn(finished);
    assert.deepEqual([...new Set(document.errors.map(({ code }) => code))], ['timeout']);
    assert.ok((document.latency.overall.min as number) >= 200, 'a timeout is no quick answer');
    assert.equal(document.summary.without_answer, 60);
  });

  it('answers errors: counted by status, those of the recording apart', async () => {
    const target = await server((_, response) => {
      response.writeHead(503).end('overloaded');
    });
    const records = someRecords(10, 1).map((record, i) =>
      i < 5 ? { ...record, outcome: { ...record.outcome, status: 503, ok: false } } : record,
    );
    const trace = await writeTrace(join(folder, 'errors.ndjson'), records);
    const finished = await run([...base, trace, '--endpoint', target.url]);
    const document = documentIn(finished);
    assertExitByVerdict(finished, document);
    assert.equal(document.summary.error_rate, 1);
    assert.equal(document.summary.status_mismatches, 5);
    assert.deepEqual(document.status_classes.changes, [
      { op: 'recall', recorded: '2xx', replayed: '5xx', count: 3 },
      { op: 'remember', recorded: '2xx', replayed: '5xx', count: 2 },
    ]);
    assert.match(finished.stderr, /recall: 3 of 6 answered 5xx where the recording has 2xx/);
    assert.equal(finished.code, 98);
    assert.equal(
      document.errors.reduce((sum, { as_recorded }) => sum + as_recorded, 0),
      5,
    );
  });

  it('is spared what the trace holds no records for', async () => {
    const target = await server();
    const port = await closedPort();
    const grpc = ['--grpc-endpoint', `127.0.0.1:${port}`];
    const finished = await run([...base, short, '--endpoint', target.url, ...grpc]);
    assert.equal(documentIn(finished).summary.error_rate, 0);
    assert.doesNotMatch(finished.stderr, new RegExp(String(port)));
  });
});

describe('replay of a damaged trace', () => {
  it('sends what comes before the damage, says where it is, and ends with 1', async () => {
    const target = await server();
    const path = await writeTrace(join(folder, 'damaged.trace.zst'), someRecords(480, 0.1), {}, 1000);
    const bytes = await readFile(path);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] as number) ^ 0xff;
    await writeFile(path, bytes);
    const finished = await run(['replay', '--trace', path, '--endpoint', target.url]);
    assert.equal(finished.code, 1, finished.stderr);
    assert.match(finished.stderr, /block \d+/);
    assertNoStack(finished.stderr);
    const document = documentIn(finished);
    assert.equal(document.summary.stop, 'source_error');
    assert.equal(document.fidelity.verdict, 'invalid');
    assert.ok(document.operations.total > 0 && document.operations.total < 480);
    const skipping = await run(['replay', '--trace', path, '--endpoint', target.url, '--skip-damaged']);
    const rest = documentIn(skipping);
    assert.equal(rest.summary.stop, 'end');
    assert.ok(rest.capture_loss.blocks_damaged >= 1);
    assert.equal(rest.operations.total + rest.capture_loss.records_damaged, 480);
    assert.ok(rest.fidelity.reasons.some(({ code }) => code === 'capture_loss'));
  });

  it('degrades the verdict for a trace that is cut off, from a file and from a pipe, and ends with 1', async () => {
    const target = await server();
    const path = await writeTrace(join(folder, 'whole.trace.zst'), someRecords(480, 0.2), {}, 4000);
    const bytes = await readFile(path);
    const cut = join(folder, 'cut.trace.zst');
    const front = bytes.subarray(0, Math.floor(bytes.length * 0.4));
    await writeFile(cut, front);
    const incomplete = ({ fidelity }: ResultsDocument) =>
      fidelity.reasons.find(({ code }) => code === 'trace_incomplete');
    const log = join(folder, 'cut.rlog');
    const args = (trace: string) => ['replay', '--trace', trace, '--endpoint', target.url];
    const fromFile = await run([...args(cut), '--replay-log', log]);
    for (const finished of [fromFile, await run(args('-'), front)]) {
      const document = documentIn(finished);
      assertExitByVerdict(finished, document, 1);
      assert.ok(document.operations.total > 0 && document.operations.total < 480);
      assert.equal(document.summary.stop, 'end');
      assert.equal(incomplete(document)?.observed, document.plan.trace.warnings.length);
      // A busy machine may make it worse, and nothing makes it better.
      assert.notEqual(document.fidelity.verdict, 'valid');
    }
    const results = join(folder, 'cut.json');
    await writeFile(results, fromFile.stdout);
    const verified = await run(['verify', log, results]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    const whole = documentIn(await run(args('-'), bytes));
    assert.equal(incomplete(whole), undefined, 'a pipe has no index, and may be whole');
  });
});

describe('replay from a pipe and signals', () => {
  it('ends a pipe on which nothing comes any more', async () => {
    const target = await server();
    const path = await writeTrace(join(folder, 'pipe.ndjson'), someRecords(10, 1));
    assert.equal(
      (await interruptedPipe(target, await readFile(path), 'silent.json')).summary.stop,
      'interrupted',
    );
  });

  it('ends a pipe that holds its first records back when it is interrupted', async () => {
    const target = await server();
    const path = await writeTrace(join(folder, 'held.ndjson'), someRecords(3, 1));
    // The header and one record, which another could still precede.
    const [header, first] = (await readFile(path, 'utf8')).split('\n');
    const document = await interruptedPipe(target, `${header}\n${first}\n`, 'held.json');
    assert.equal(document.summary.stop, 'interrupted');
  });
});

/** The document of a replay from a pipe that stays open, interrupted when its output is begun, so when it minds signals. */
async function interruptedPipe(
  target: TestServer,
  input: Uint8Array | string,
  name: string,
): Promise<ResultsDocument> {
  const output = join(folder, name);
  const args = ['replay', '--trace', '-', '--endpoint', target.url, '--output', output];
  const { child, finished } = start(args, 'held');
  child.stdin?.write(input);
  const isBegun = async () => (await readdir(folder)).some((file) => file.startsWith(`${name}.`));
  while (child.exitCode === null && !(await isBegun())) await pause(10);
  child.kill('SIGINT');
  const ended = await finished;
  assert.equal(ended.code, 130, ended.stderr);
  return validated(JSON.parse(await readFile(output, 'utf8')));
}

describe('replay over both protocols', () => {
  it('sends each record to the target of its protocol', async () => {
    const http = await server();
    const grpc = await startGrpcServer();
    const calls = Array.from({ length: 20 }, (_, i) =>
      makeRecord({
        startNs: i * 2 * MS + MS,
        session: `g${i % 3}`,
        op: 'call',
        protocol: 'grpc',
        method: 'POST',
        path: i === 7 ? '/test.Service/Missing' : '/test.Service/Echo',
        body: Buffer.from([8, i]),
      }),
    );
    const records = [...someRecords(20, 2), ...calls].sort((a, b) => a.startNs - b.startNs);
    const trace = await writeTrace(join(folder, 'both.trace.zst'), records);
    const targets = ['--endpoint', http.url, '--grpc-endpoint', grpc.authority];
    const finished = await run(['replay', '--trace', trace, ...targets, '-H', 'x-key: k']);
    await grpc.close();
    const document = documentIn(finished);
    assertExitByVerdict(finished, document);
    assert.equal(http.requests.length, 20);
    assert.deepEqual(
      grpc.bodies.map((body) => body[1]).sort((a, b) => (a as number) - (b as number)),
      Array.from({ length: 20 }, (_, i) => i).filter((i) => i !== 7),
    );
    assert.ok(grpc.keys.every((key) => key === 'k'));
    const { ops: _, ...operations } = document.operations;
    assert.deepEqual(operations, { total: 40, successful: 39, failed: 1, cancelled: 0 });
    assert.equal(document.errors[0]?.code, 'grpc_12_unimplemented');
    assert.equal(document.errors[0]?.first_record?.number, records.indexOf(calls[7] as TraceRecord));
    assert.equal(document.target.grpc, `http://${grpc.authority}`);
  });

  it('does not begin where one of two servers is not there', async () => {
    const http = await server();
    const port = await closedPort();
    const call = makeRecord({ startNs: MS, op: 'call', protocol: 'grpc', method: 'POST', path: '/a.B/C' });
    const trace = await writeTrace(join(folder, 'half.ndjson'), [...someRecords(1, 1), call]);
    const targets = ['--endpoint', http.url, '--grpc-endpoint', `127.0.0.1:${port}`, '--timeout', '3s'];
    const finished = await run(['replay', '--trace', trace, ...targets]);
    assert.equal(finished.code, 1);
    assert.equal(finished.stdout, '');
    assert.match(finished.stderr, new RegExp(`no gRPC server at http://127\\.0\\.0\\.1:${port}`));
  });
});

describe('replay over TLS', () => {
  let certificate: { cert: string; key: string } | undefined;
  before(async () => {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const made = spawnSync('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-keyout', key, '-out', cert, ...subject],
    ]);
    if (made.status === 0) certificate = { cert, key };
  });

  it('trusts --ca, refuses what is not trusted, and takes anything with --insecure', async (test) => {
    if (certificate === undefined) return test.skip('openssl is not installed');
    const { cert, key } = certificate;
    let answered = 0;
    const secure = createTlsServer(
      { cert: await readFile(cert), key: await readFile(key) },
      (request, response) => {
        answered++;
        ok(request, response);
      },
    );
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
    const args = ['replay', '--trace', short, '--endpoint', url, '--timing', 'asap'];
    try {
      const refused = await run(args);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /no HTTP server at https:.*self-signed/);
      assert.equal(answered, 0);
      assert.equal(documentIn(await run([...args, '--ca', cert])).operations.successful, 60);
      assert.equal(documentIn(await run([...args, '--insecure'])).operations.successful, 60);
      assert.equal(answered, 120);
    } finally {
      secure.closeAllConnections();
      secure.close();
    }
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withFolder } from '../support/folders.ts';
import { FIXTURES } from '../trace/support.ts';
import { run, someRecords, startServer, writeTrace } from './replay-support.ts';

const LOADTEST = fileURLToPath(new URL('loadtest/four-operations.json', FIXTURES));

describe('commands that replay or prove a loadtest trace', () => {
  it('verifies a replay of it against it, from a file and from a pipe', async () => {
    await withFolder(async (folder) => {
      const [log, results] = [join(folder, 'replay.log'), join(folder, 'results.json')];
      const server = await startServer((_, response) => void response.writeHead(503).end());
      try {
        const target = ['--endpoint', server.url, '--rate-multiplier', '100', '--quiet'];
        const files = ['--output', results, '--replay-log', log];
        const played = await run(['replay', '--trace', LOADTEST, ...target, ...files]);
        assert.ok([0, 98].includes(played.code as number), played.stderr);
      } finally {
        await server.close();
      }
      const [error] = JSON.parse(readFileSync(results, 'utf8')).errors;
      assert.equal(error.example, 'HTTP 503 Service Unavailable');
      for (const [name, input] of [
        [LOADTEST, undefined],
        ['-', readFileSync(LOADTEST)],
      ] as const) {
        const verified = await run(['verify', log, results, '--trace', name], input);
        assert.deepEqual([verified.code, verified.stderr], [0, ''], verified.stdout);
        assert.match(verified.stdout, /trace/);
      }
      const another = await writeTrace(join(folder, 'another.ndjson'), someRecords(4, 2));
      const strange = await run(['verify', log, results, '--trace', another]);
      assert.equal(strange.code, 1);
      assert.match(strange.stdout, /^FAIL {2}the trace is not the one that the log is of\n\d+ of \d+ values/);
      const swapped = await run(['verify', results, log]);
      assert.deepEqual([swapped.code, swapped.stdout], [2, '']);
      assert.match(
        swapped.stderr,
        /it is compressed by zstd, as a replay log is, where the results belong\n/,
      );
      assert.match(swapped.stderr, /the log comes first: engram-trace verify <replay-log> <results>/i);
    });
  });

  it('proves each shard of a replay against the whole trace', async () => {
    await withFolder(async (folder) => {
      const records = someRecords(60, 2).map((record, i) => ({ ...record, session: `c${i % 7}` }));
      const trace = await writeTrace(join(folder, 'some.ndjson'), records);
      const server = await startServer((_, response) => void response.end());
      try {
        let planned = 0;
        for (const [shard, more] of [
          ['0/2', []],
          ['1/2', []],
          ['1/2', ['--copies', '3', '--loop', '2']],
          ['1/2', ['--limit', '40', '--senders', '2']],
        ] as const) {
          const [log, results] = [join(folder, 'replay.log'), join(folder, 'results.json')];
          const target = ['--endpoint', server.url, '--timeout', '60', '--quiet', '--force'];
          const files = ['--output', results, '--replay-log', log, '--shard', shard];
          const played = await run(['replay', '--trace', trace, ...target, ...files, ...more]);
          assert.ok([0, 98].includes(played.code as number), played.stderr);
          const { fidelity, plan } = JSON.parse(readFileSync(results, 'utf8'));
          if (more.length === 0) planned += fidelity.accounting.planned;
          assert.equal(plan.options.shard, shard);
          assert.ok(fidelity.accounting.planned > 0);
          const verified = await run(['verify', log, results, '--trace', trace]);
          assert.deepEqual([verified.code, verified.stderr], [0, ''], verified.stdout);
        }
        assert.equal(planned, 60);
      } finally {
        await server.close();
      }
    });
  });

  it('calibrates with it', async () => {
    const some = ['--step-time', '2s', '--max-steps', '0', '--quiet'];
    const { code, stdout, stderr } = await run(['calibrate', '--trace', LOADTEST, ...some]);
    assert.equal(code, 0, stderr);
    assert.ok(JSON.parse(stdout).floor.operations > 0);
  });

  it('says how late is too late, and fails when --behind abort left most of the plan', async () => {
    const { stdout: help } = await run(['replay', '--help']);
    assert.match(help.replaceAll(/\s+/g, ' '), /shed \(drop what is 1 s late\).*abort \(stop at 1 s\)/);
    await withFolder(async (folder) => {
      const trace = await writeTrace(join(folder, 'some.ndjson'), someRecords(60, 2));
      const results = join(folder, 'results.json');
      const [log, policy] = [join(folder, 'replay.log'), ['--behind', 'abort', '--max-in-flight', '1']];
      let left = 5;
      const server = await startServer((_, response) => void (left-- > 0 && response.end()));
      try {
        const files = ['--output', results, '--replay-log', log, '--quiet'];
        const { code, stderr } = await run([
          'replay',
          ...['--trace', trace, '--endpoint', server.url],
          ...policy,
          ...files,
        ]);
        assert.equal(code, 98, stderr);
      } finally {
        await server.close();
      }
      const { fidelity, summary } = JSON.parse(readFileSync(results, 'utf8'));
      assert.deepEqual([fidelity.verdict, summary.stop], ['invalid', 'behind']);
      assert.ok(fidelity.reasons.some(({ code }: { code: string }) => code === 'plan_not_played'));
      const verified = await run(['verify', log, results, '--trace', trace]);
      assert.deepEqual([verified.code, verified.stderr], [0, ''], verified.stdout);
    });
  });

  it('says that there are no results of that name', async () => {
    await withFolder(async (folder) => {
      const missing = join(folder, 'missing.json');
      const { code, stdout, stderr } = await run(['verify', LOADTEST, missing]);
      assert.deepEqual([code, stdout], [1, '']);
      assert.equal(stderr, `engram-trace: ${missing}: there is no such file\n`);
    });
  });

  it('names the digest of a plan after what it is of', async () => {
    const args = ['replay', '--trace', LOADTEST, '--dry-run'];
    const plan = JSON.parse((await run([...args, '--json'])).stdout);
    assert.match(plan.trace_digest, /^[0-9a-f]{64}$/);
    assert.equal('digest' in plan, false);
    assert.match((await run(args)).stdout, new RegExp(`^trace_digest ${plan.trace_digest}$`, 'm'));
  });
});

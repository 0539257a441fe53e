import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { withFolder } from '../support/folders.ts';
import { run, someRecords, startServer, writeTrace } from './replay-support.ts';

it('a replay is held against its limits: a checklist, `checks`, the exit code, and verify proves them', async () => {
  await withFolder(async (folder) => {
    const trace = await writeTrace(join(folder, 'some.ndjson'), someRecords(60, 2));
    const [log, results, limits, hlog] = ['replay.log', 'results.json', 'limits.toml', 'run.hlog'].map(
      (name) => join(folder, name),
    ) as [string, string, string, string];
    await writeFile(limits, '[[limit]]\nname = "errors"\nholds = "error_rate < 0.5"\n');
    const server = await startServer((_, response) => void response.end('{}'));
    const replay = ['replay', trace, '--endpoint', server.url, '--output', results];
    try {
      const refused = await run([...replay, '--fail-if', 'latency.overal.p99 > 1ms']);
      assert.equal(refused.code, 2, refused.stderr);
      assert.match(refused.stderr, /Did you mean latency\.overall\.p99/);
      const nothing = await run([...replay, '--strict']);
      assert.match(nothing.stderr, /no limit to hold it against/);
      assert.equal(server.requests.length, 0);
      const broken = ['--judge-anyway', '--limits', limits, '--fail-if', 'latency.overall.p50 > 1ns'];
      const played = await run([...replay, ...broken, '--replay-log', log, '--hlog', hlog]);
      assert.equal(played.code, 99, played.stderr);
      assert.match(
        played.stderr,
        /^PASS +errors: error_rate < 0\.5 .*\nFAIL +latency\.overall\.p50 <= 1ns /m,
      );
      assert.match(played.stderr, /^FAIL: at least one is broken/m);
      assert.match(await readFile(hlog, 'utf8'), /version 1\.3\]\n[\s\S]*\n0\.000,1\.000,\d+\.\d{3},HISTFA/);
      const exists = await run([...replay, '--output', `${results}.2`, '--hlog', hlog]);
      assert.equal(exists.code, 2, exists.stderr);
      const same = await run([...replay, '--force', '--hlog', results]);
      assert.match(same.stderr, /--output[\s\S]*--hlog|--hlog[\s\S]*--output/);
    } finally {
      await server.close();
    }
    const document = JSON.parse(await readFile(results, 'utf8'));
    const statuses = document.checks.map(({ name, status }: Record<string, string>) => [name, status]);
    assert.deepEqual(statuses, [
      ['errors', 'PASS'],
      ['latency.overall.p50 <= 1ns', 'FAIL'],
    ]);
    const verified = await run(['verify', log, results]);
    assert.equal(verified.code, 0, verified.stdout);
    Object.assign(document.checks[1], { status: 'PASS', pass: true });
    await writeFile(results, JSON.stringify(document));
    const forged = await run(['verify', log, results]);
    assert.equal(forged.code, 1);
    assert.match(forged.stdout, /checks\[1\]\.status/);
  });
});

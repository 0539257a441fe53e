import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newFolder } from '../support/folders.ts';
import { FIXTURES } from '../trace/support.ts';
import { runCli } from './run-cli.ts';

const RESULTS = fileURLToPath(new URL('results/before-window-histograms.json', FIXTURES));

test('check ends with a code by what it finds, and writes what was asked for', async () => {
  const folder = newFolder();
  const document = JSON.parse(await readFile(RESULTS, 'utf8'));
  const held = await runCli(['check', RESULTS, '--fail-if', 'latency.overall.p95 > 1m']);
  assert.deepEqual([held.code, held.stderr], [0, '']);
  assert.match(held.stdout, /^PASS +latency\.overall\.p95 <= 1m /m);
  const limits = join(folder, 'limits.toml');
  await writeFile(limits, '[[limit]]\nholds = "latency.overall.p90 < 1ns"\n');
  const junit = join(folder, 'check.xml');
  const broken = await runCli(['check', RESULTS, '--limits', limits, '--junit', junit, '--json']);
  assert.equal(broken.code, 99);
  assert.equal(JSON.parse(broken.stdout).status, 'FAIL');
  assert.match(await readFile(junit, 'utf8'), /failures="1"/);
  const missing = await runCli(['check', RESULTS, '--preset', 'memobuild-release']);
  assert.equal(missing.code, 99, 'a hit rate that nobody measured is not held');
  assert.match(missing.stdout, /^not judged +cache hit rate/m);
  const invalid = join(folder, 'invalid.json');
  await writeFile(
    invalid,
    JSON.stringify({ ...document, fidelity: { ...document.fidelity, verdict: 'invalid' } }),
  );
  assert.equal((await runCli(['check', invalid, '--fail-if', 'latency.overall.p95 > 1m'])).code, 98);
  const suite = join(folder, 'suite.json');
  await writeFile(suite, '{ "schema_version": 1, "kind": "suite", "runs": [] }');
  for (const [args, code, message] of [
    [[RESULTS], 2, /there is no limit/],
    [[RESULTS, '--fail-if', 'latency.overal.p99 > 1ms'], 2, /Did you mean latency\.overall\.p99/],
    [[RESULTS, '--preset', 'memobuild'], 2, /no limits are named memobuild/],
    [[RESULTS.replace('.json', '.rlog'), '--fail-if', 'error_rate > 1'], 2, /compressed by zstd/],
    [[limits, '--fail-if', 'error_rate > 1'], 1, /no JSON/],
    [
      [suite, '--fail-if', 'error_rate > 1'],
      2,
      /suite\.json: it is the document of a suite[\s\S]*runs\[0\]\.results/,
    ],
    [['/dev/zero', '--fail-if', 'error_rate > 1'], 1, /larger than any results document/],
    [[join(folder, 'none.json'), '--fail-if', 'error_rate > 1'], 1, /no such file/],
    [[RESULTS, '--limits', join(folder, 'none.toml')], 2, /none\.toml/],
    [[RESULTS, '--limits', limits, '--junit', junit], 2, /exists/],
  ] as const) {
    const refused = await runCli(['check', ...args]);
    assert.equal(refused.code, code, refused.stderr);
    assert.equal(refused.stdout, '');
    assert.match(refused.stderr, message);
  }
});

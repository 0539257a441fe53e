import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RESULTS_FORMATS } from '../../src/conversions/convert-results.ts';
import { newFolder } from '../support/folders.ts';
import { FIXTURES } from '../trace/support.ts';
import { runCli } from './run-cli.ts';

const RESULTS = fileURLToPath(new URL('results/before-window-histograms.json', FIXTURES));

test('convert-results writes a file or stdout, and refuses what it can not convert', async () => {
  const output = join(newFolder(), 'k6.json');
  assert.equal((await runCli(['convert-results', RESULTS, '--to', 'k6', '--output', output])).code, 0);
  assert.ok(JSON.parse(await readFile(output, 'utf8')).metrics);
  assert.match((await runCli(['convert-results', RESULTS, '--to', 'wrk'])).stdout, /^Running /);
  assert.match(
    (await runCli(['convert-results', '--help'])).stdout,
    new RegExp(`"${RESULTS_FORMATS.join('",\\s+"')}"`),
  );
  const broken = join(newFolder(), 'broken.json');
  await writeFile(broken, (await readFile(RESULTS, 'utf8')).slice(0, 500));
  for (const [args, code, message] of [
    [[RESULTS], 2, /no form to convert it to/],
    [[RESULTS, '--to', 'jmeter'], 2, /Allowed choices are k6/],
    [[RESULTS, '--to', 'csv', '--output', output], 2, /exists/],
    [[RESULTS, '--to', 'csv', '--output', RESULTS, '--force'], 2, /same file|<results>/],
    [[RESULTS, '--to', 'hlog'], 1, /have no histograms/],
    [[broken, '--to', 'csv'], 1, /no JSON/],
  ] as const) {
    const refused = await runCli(['convert-results', ...args]);
    assert.equal(refused.code, code, refused.stderr);
    assert.match(refused.stderr, message);
    assert.equal(refused.stdout, '');
  }
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { modelRun } from '../compare/model-runs.ts';
import { newFolder } from '../support/folders.ts';
import { runCli } from './run-cli.ts';

test('compare ends with 3 where a run got slower, and says what would have shown where none did', async () => {
  const folder = newFolder();
  const write = async (name: string, document: object): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify(document));
    return path;
  };
  const baseline = await write('baseline.json', modelRun(7, 1));
  const same = await write('same.json', modelRun(7, 2));
  const slower = await write('slower.json', modelRun(7, 3, { slower: 1.2 }));
  const calm = await runCli(['compare', baseline, same]);
  assert.deepEqual([calm.code, calm.stderr], [0, '']);
  assert.match(calm.stdout, /^no regression shown; one that moved p50 by/m);
  const worse = await runCli(['compare', baseline, slower]);
  assert.equal(worse.code, 3);
  assert.match(worse.stdout, /^overall +p50 .* worse .*\n/m);
  assert.match(worse.stdout, /^REGRESSION: overall p50/m);
  assert.equal((await runCli(['compare', baseline, slower, '--tolerance', '0.5'])).code, 0);
  const invalid = await write('invalid.json', {
    ...modelRun(7, 4),
    fidelity: { verdict: 'invalid', reasons: [] },
  });
  const unproven = await runCli(['compare', baseline, invalid, '--json']);
  assert.equal(unproven.code, 98);
  assert.match(unproven.stderr, /proves nothing/);
  assert.equal(JSON.parse(unproven.stdout).regression, false);
  const short = await write('short.json', { ...modelRun(7, 1), windows: [], op_windows: {} });
  const whole = await runCli(['compare', short, slower]);
  assert.equal(whole.code, 3);
  assert.match(whole.stdout, /^mind that the runs share less than a minute/m);
  const few = { ...modelRun(7, 1), latency: { overall: { count: 3 } } };
  const nothing = await runCli(['compare', await write('few.json', few), baseline]);
  assert.equal(nothing.code, 98);
  assert.match(nothing.stderr, /nothing could be compared: one of the runs has hardly an operation/);
  assert.doesNotMatch(nothing.stderr, /not valid/);
  assert.match(nothing.stdout, /^not compared: overall p50: 3 operations, and it needs 5/);
  const other = await write('other.json', modelRun(8, 1));
  const refused = await runCli(['compare', baseline, other]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /different plans/);
});

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readScenario } from '../../src/workload/scenario/read-scenario.ts';
import { withFolder } from '../support/folders.ts';
import { runCli } from './run-cli.ts';
import { withTrace } from './trace-support.ts';

test('fit writes a scenario that loads, and tells how near it comes', async () => {
  await withTrace(async (_, trace) => {
    await withFolder(async (folder) => {
      const output = join(folder, 'new', 'monday.toml');
      const fitted = await runCli(['fit', trace, '--output', output]);
      assert.deepEqual([fitted.code, fitted.stdout], [0, ''], fitted.stderr);
      const { operations, arrival } = readScenario(await readFile(output, 'utf8'), output);
      assert.deepEqual([operations.store, operations.recall, operations.embeddingSearch], [333, 334, 333]);
      assert.match(fitted.stderr, new RegExp(`^fit: arrivals are ${arrival.pattern}`));
      assert.match(fitted.stderr, /^ {2}gaps +KS [\d.]+, W1 /m);
      const again = await runCli(['fit', trace, '--output', output]);
      assert.equal(again.code, 2);
      const json = await runCli(['fit', trace, '--output', output, '--force', '--json']);
      const { arrivals, distances } = JSON.parse(json.stdout);
      assert.equal(arrivals[0].arrival.pattern, arrival.pattern);
      assert.equal(distances.a.records, 1000);
      const both = await runCli(['fit', trace, '--json']);
      assert.equal(both.code, 2);
      assert.match(both.stderr, /would both go to stdout/);
    });
  });
});

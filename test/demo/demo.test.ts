import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { actualArrivals, plannedArrivals } from '../../src/demo/arrivals.ts';
import { runCli } from '../cli/run-cli.ts';
import { validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';

let folder = '';
before(async () => {
  folder = newFolder();
});

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

test('the demo goes the whole circle and every operation of it arrives', async () => {
  const ended = await runCli(['demo', '--results', folder, '--duration', '1']);
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  const made = /made (\d+) HTTP operations and (\d+) gRPC calls/.exec(ended.stdout);
  const operations = Number(made?.[1]) + Number(made?.[2]);
  assert.ok(operations > 0, ended.stdout); // a busy machine makes few in its second

  for (const multiplier of [1, 2]) {
    const document = validated(
      JSON.parse(await readFile(join(folder, `replay-${multiplier}x.json`), 'utf8')),
    );
    assert.equal(document.fidelity.accounting.planned, operations);
    assert.equal(document.fidelity.accounting.sent, operations);
    assert.equal(sum(await plannedArrivals(join(folder, 'monday.trace.zst'), multiplier, 100)), operations);
    assert.equal(sum(await actualArrivals(join(folder, `arrivals-${multiplier}x.ndjson`), 100)), operations);
  }
  assert.match(await readFile(join(folder, 'arrivals.svg'), 'utf8'), /^<svg/);
  assert.ok((await readdir(folder)).includes('oplog'));
});

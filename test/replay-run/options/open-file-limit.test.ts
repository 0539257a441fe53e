import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { openFileLimit } from '../../../src/replay-run/options/open-file-limit.ts';

const LINES = (soft: string): string =>
  [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             unlimited            unlimited            processes ',
    `Max open files            ${soft.padEnd(20)} 1048576              files     `,
    'Max locked memory         8388608              8388608              bytes     ',
  ].join('\n');

test('the soft limit of open files', () => {
  assert.equal(
    openFileLimit(() => LINES('1024')),
    1024,
  );
  for (const nothing of [LINES('unlimited'), '', 'Max open files']) {
    assert.equal(
      openFileLimit(() => nothing),
      undefined,
    );
  }
  const absent = () => {
    throw new Error('ENOENT');
  };
  assert.equal(openFileLimit(absent), undefined);
});

test('of this process, it is what its children are given', { skip: process.platform !== 'linux' }, () => {
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  assert.equal(String(openFileLimit() ?? 'unlimited'), limit);
});

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as library from '../../src/index.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

test('every call that docs/library.md names is there, and every program is named', async () => {
  const page = await readFile(`${ROOT}docs/library.md`, 'utf8');
  const [before = ''] = page.split('\n## ');
  const calls = before
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| to |'))
    .flatMap((line) =>
      [...(line.split('|')[2] ?? '').matchAll(/`([a-z]\w+)/g)].map((match) => match[1] ?? ''),
    );
  assert.ok(calls.length > 15);
  assert.deepEqual(
    calls.filter((name) => !(name in library)),
    [],
  );
  const programs = await readdir(`${ROOT}examples`);
  assert.equal(programs.length, 7);
  for (const name of programs) assert.ok(page.includes(`](../examples/${name})`), name);
});

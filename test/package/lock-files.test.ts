import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

it('lock files name versions and checksums, and no place to get them from', async () => {
  for (const name of ['package-lock.json', 'tools/package-lock.json']) {
    const path = fileURLToPath(new URL(`../../../${name}`, import.meta.url));
    const { packages } = JSON.parse(await readFile(path, 'utf8')) as { packages: Record<string, object> };
    const named = Object.entries(packages).filter(([place]) => place !== '');
    assert.ok(named.length > 10, name);
    for (const [place, entry] of named) {
      assert.ok('integrity' in entry, `${name}: ${place} has no checksum`);
      assert.ok(!('resolved' in entry), `${name}: ${place} says where it came from`);
    }
  }
});

import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepCompiledCode } from '../../src/cli/compile-cache.ts';
import { newFolder } from '../support/folders.ts';

/** The folders that Node is told to keep compiled code in. */
function foldersFor(env: NodeJS.ProcessEnv, home = newFolder): string[] {
  const folders: string[] = [];
  keepCompiledCode(env, { enableCompileCache: (folder) => void folders.push(folder) }, home);
  return folders;
}

test('compiled code is kept in the cache folder of the user', () => {
  const home = newFolder();
  const own = join(home, '.cache', 'engram-trace');
  assert.deepEqual(
    foldersFor({}, () => home),
    [own],
  );
  assert.ok(statSync(own).isDirectory());
  assert.deepEqual(
    foldersFor({ XDG_CACHE_HOME: '' }, () => home),
    [own],
  );
  const named = newFolder();
  assert.deepEqual(foldersFor({ XDG_CACHE_HOME: named }), [join(named, 'engram-trace')]);
});

test('compiled code is left to Node where the user names a folder, and to nobody where there is none', () => {
  assert.deepEqual(foldersFor({ NODE_COMPILE_CACHE: '/mine' }), []);
  const homeless = (): string => {
    throw new Error('no such user');
  };
  assert.deepEqual(foldersFor({}, homeless), []);
  keepCompiledCode({}, {}); // A Node that has none.
});

test('Node is not asked to keep compiled code where no folder can be made for it', () => {
  const file = join(newFolder(), 'file');
  writeFileSync(file, '');
  for (const cache of [file, join(file, 'below'), '/proc/nowhere']) {
    assert.deepEqual(foldersFor({ XDG_CACHE_HOME: cache }), []);
    assert.ok(!existsSync(join(cache, 'engram-trace')));
  }
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepCompiledCode } from '../../src/cli/compile-cache.ts';

/** The folders that Node is told to keep compiled code in. */
function foldersFor(env: NodeJS.ProcessEnv, home = () => '/home/u'): string[] {
  const folders: string[] = [];
  keepCompiledCode(env, { enableCompileCache: (folder) => void folders.push(folder) }, home);
  return folders;
}

test('compiled code is kept in the cache folder of the user', () => {
  assert.deepEqual(foldersFor({}), [join('/home/u', '.cache', 'engram-trace')]);
  assert.deepEqual(foldersFor({ XDG_CACHE_HOME: '/c' }), [join('/c', 'engram-trace')]);
  assert.deepEqual(foldersFor({ XDG_CACHE_HOME: '' }), [join('/home/u', '.cache', 'engram-trace')]);
});

test('compiled code is left to Node where the user names a folder, and to nobody where there is none', () => {
  assert.deepEqual(foldersFor({ NODE_COMPILE_CACHE: '/mine' }), []);
  const homeless = (): string => {
    throw new Error('no such user');
  };
  assert.deepEqual(foldersFor({}, homeless), []);
  keepCompiledCode({}, {}); // A Node that has none.
});

import { accessSync, constants, mkdirSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What Node has from 22.1 on; undefined before. */
interface CompileCache {
  enableCompileCache?: (folder: string) => unknown;
}

/**
 * Lets Node keep what it compiles of the program for the next start, in the cache folder of the user. Node's own
 * NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE=1 turns it off; where nothing can be written it
 * goes on without, and says nothing.
 */
export function keepCompiledCode(
  env: NodeJS.ProcessEnv,
  { enableCompileCache }: CompileCache = nodeModule as CompileCache,
  home: () => string = homedir,
): void {
  if (enableCompileCache === undefined || env['NODE_COMPILE_CACHE'] !== undefined) return;
  try {
    const cache = env['XDG_CACHE_HOME'] || env['LOCALAPPDATA'] || join(home(), '.cache');
    const folder = join(cache, 'engram-trace');
    makeOne(cache);
    makeOne(folder);
    // Node (22) never ends making a folder where none can be made, as in /proc.
    accessSync(folder, constants.W_OK);
    enableCompileCache(folder);
  } catch {
    // Only speed is lost.
  }
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    // It is there, or what comes next fails too.
  }
}

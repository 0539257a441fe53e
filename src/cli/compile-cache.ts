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
    enableCompileCache(join(cacheFolder(env, home), 'engram-trace'));
  } catch {
    // Only speed is lost: a user without a home has no such folder.
  }
}

function cacheFolder(env: NodeJS.ProcessEnv, home: () => string): string {
  return env['XDG_CACHE_HOME'] || env['LOCALAPPDATA'] || join(home(), '.cache');
}

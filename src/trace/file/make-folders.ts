import { mkdir, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes the folders that `path` lacks and itself, and returns them, the innermost first. Not by `recursive`: Node
 * retries for ever where the kernel denies that a parent exists (/proc).
 */
export async function makeFolders(path: string): Promise<string[]> {
  const first = await makeFolder(path);
  if (first !== undefined) return first ? [path] : [];
  const above = await makeFolders(dirname(path));
  if ((await makeFolder(path)) !== undefined) return [path, ...above];
  await removeFolders(above);
  throw Object.assign(new Error(`ENOENT: ${path} cannot be made`), { code: 'ENOENT' });
}

/** Whether it was made: false where it is there, by another process perhaps; undefined where its parent is not. */
async function makeFolder(path: string): Promise<boolean | undefined> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code === 'ENOENT' && dirname(path) !== path) return undefined;
    throw error;
  }
}

/** Removes folders that `makeFolders` made, as long as nothing is in them. */
export async function removeFolders(made: readonly string[]): Promise<void> {
  for (const folder of made) {
    try {
      await rmdir(folder);
    } catch {
      return;
    }
  }
}

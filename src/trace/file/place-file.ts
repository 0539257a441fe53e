import { chmod, chown, link, lstat, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What file systems do in different ways; a test may stand in for one that has no hard links. */
export interface PlaceCalls {
  link(from: string, to: string): Promise<void>;
}

/** The error for a place that is taken, by a file that must not be replaced. */
export class TakenError extends Error {
  constructor() {
    super('something came to be there while this ran, and is not replaced');
    this.name = 'TakenError';
  }
}

const MAX_NAMES = 1000;

/** Gives a finished file its name, in one step and only where nothing has it; throws `TakenError`. */
export async function placeNew(temporary: string, path: string, calls: PlaceCalls = { link }): Promise<void> {
  try {
    await calls.link(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new TakenError();
    if (!NO_LINKS.has(code ?? '')) throw error;
    await claim(path);
    await rename(temporary, path);
    return;
  }
  await unlink(temporary).catch(() => {});
}

/** File systems without hard links say it in one of these ways. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EINVAL', 'EACCES']);

/** An empty file of our own under the name: what is renamed over it replaces nobody's. */
async function claim(path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? new TakenError() : error;
  });
  await file.close();
}

/** Puts a finished file in the place of another one, in one step; mode and owner stay. What is no file stays too. */
export async function placeOver(temporary: string, path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found && !found.isFile()) throw new TakenError();
  if (found) await becomeLike(temporary, found);
  await rename(temporary, path);
}

/** Owner and mode together or neither: a mode that was meant for another group would show the file to a wrong one. */
async function becomeLike(
  path: string,
  { mode, uid, gid }: { mode: number; uid: number; gid: number },
): Promise<void> {
  const mine = await lstat(path);
  try {
    if (mine.uid !== uid || mine.gid !== gid) await chown(path, uid, gid);
    await chmod(path, mode & 0o777);
  } catch {
    // It stays readable by its owner only.
  }
}

/**
 * Gives a finished file the first free of the names `PATH.1`, `PATH.2`, …, and returns it, or the name that it has
 * where it can have none of these; undefined where somebody has removed it, or renamed its folder.
 */
export async function placeBeside(
  temporary: string,
  path: string,
  calls?: PlaceCalls,
): Promise<string | undefined> {
  for (let number = 1; number <= MAX_NAMES; number++) {
    const name = `${path}.${number}`;
    try {
      await placeNew(temporary, name, calls);
      return name;
    } catch (error) {
      if (!(error instanceof TakenError)) break;
    }
  }
  const found = await lstat(temporary).catch(() => undefined);
  return found && temporary;
}

/** Makes a new name in a folder survive a power cut; not every file system can. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

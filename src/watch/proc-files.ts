import { readdir, readFile } from 'node:fs/promises';

/** Files of /proc and /sys as sources need them; a test has its own. */
export interface ProcFiles {
  /** Rejects where it is not there or may not be read. */
  read(path: string): Promise<string>;
  /** Names in a folder; rejects likewise. */
  list(path: string): Promise<readonly string[]>;
}

/** This program has no file, or no memory, left to read with. */
const OUT_OF: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

/** `nothing` for what is not there or may not be read. Rejects where it is this program that could not read. */
export function orNothing<T>(reading: Promise<T>, nothing: T): Promise<T> {
  return reading.catch((error: NodeJS.ErrnoException) => {
    if (OUT_OF.has(error.code)) throw error;
    return nothing;
  });
}

/** Those of this machine. */
export const PROC_FILES: ProcFiles = {
  read: (path) => readFile(path, 'latin1'),
  list: (path) => readdir(path),
};

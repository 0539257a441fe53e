import { readdir, readFile } from 'node:fs/promises';

/** Files of /proc and /sys as sources need them; a test has its own. */
export interface ProcFiles {
  /** Rejects where it is not there or may not be read. */
  read(path: string): Promise<string>;
  /** Names in a folder; rejects likewise. */
  list(path: string): Promise<readonly string[]>;
}

/** Those of this machine. */
export const PROC_FILES: ProcFiles = {
  read: (path) => readFile(path, 'latin1'),
  list: (path) => readdir(path),
};

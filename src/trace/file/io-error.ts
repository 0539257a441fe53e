import { EngramTraceError } from '../../error.ts';

/** Makes an error of what the system says about a file, with a word on what it means. */
export function ioError(error: unknown, where: string): EngramTraceError {
  const { code } = error as NodeJS.ErrnoException;
  const hint = code === undefined ? undefined : HINTS[code];
  return EngramTraceError.from(error, 'io', { where, hint });
}

const HINTS: Record<string, string | undefined> = {
  ENOSPC: 'The disk is full.',
  EDQUOT: 'The quota is used up.',
  ENOENT: 'The folder is gone.',
  EACCES: 'This user may not write there.',
  EROFS: 'The file system is read-only.',
  EFBIG: 'The file system, or a limit of this user, allows no file of this size.',
  EPIPE: 'Nobody reads at the other end.',
  EBADF: 'This number is no file that is open for writing.',
};

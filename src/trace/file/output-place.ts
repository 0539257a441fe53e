import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { EngramTraceError } from '../../error.ts';
import { ioError } from './io-error.ts';

/** The place that an output of a name is written to. */
export type OutputPlace =
  /** A file: the one that links lead to. `found` is what is there now. */
  | { kind: 'file'; path: string; found: Stats | undefined }
  /** A file that this process was started with: `/dev/stdout`, `/dev/fd/3`. */
  | { kind: 'descriptor'; fd: number }
  /** A named pipe or another device; it is written to and never replaced. */
  | { kind: 'device'; isPipe: boolean };

const MAX_LINKS = 40;

/**
 * Follows the links of an output's name to where it goes, whether there is something or not. Throws `usage` where that
 * can be no file.
 */
export function findOutputPlace(name: string): OutputPlace {
  if (name === '') throw new EngramTraceError('usage', 'the output has no name');
  const end = followLinks(name);
  if (typeof end === 'number') return { kind: 'descriptor', fd: end };
  const found = statOf(name);
  if (found?.isDirectory() || /[/\\]$/.test(name)) {
    throw new EngramTraceError('usage', 'the output is a directory', {
      where: name,
      hint: 'Name a file in it.',
    });
  }
  if (found?.isSocket()) {
    throw new EngramTraceError('usage', "the output is a socket, and can't be opened like a file", {
      where: name,
    });
  }
  if (found && !found.isFile()) return { kind: 'device', isPipe: found.isFIFO() };
  return { kind: 'file', path: end, found };
}

/** The path at the end of the links, or the number of an open file. */
export function followLinks(name: string): string | number {
  let path = name;
  for (let links = 0; links < MAX_LINKS; links++) {
    const fd = descriptorOf(path);
    if (fd !== undefined) return fd;
    const target = linkOf(path);
    if (target === undefined) return path;
    path = isAbsolute(target) ? target : join(dirname(path), target);
  }
  throw new EngramTraceError('usage', 'its symbolic links lead to no place', { where: name });
}

function descriptorOf(path: string): number | undefined {
  const isThere = ['/dev/fd', '/proc/self/fd', `/proc/${process.pid}/fd`].includes(dirname(path));
  return isThere && /^\d+$/.test(basename(path)) ? Number(basename(path)) : undefined;
}

function linkOf(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined; // Nothing is there, or who opens it says what is wrong with it.
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENAMETOOLONG') throw ioError(error, path);
    return undefined;
  }
}

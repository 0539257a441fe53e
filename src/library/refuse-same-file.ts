import { type BigIntStats, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EngramTraceError } from '../error.ts';
import { followLinks } from '../trace/file/output-place.ts';

/** A file on the command line, by the flag (or argument) that names it; `-` and nothing name none. */
export interface NamedFile {
  flag: string;
  path: string | undefined;
}

/**
 * Throws `usage` where one of the outputs would be written over an input or over another output, whatever names lead
 * there: `--force` is for what an earlier run wrote. Devices and pipes keep nothing, and may be named twice.
 */
export function refuseSameFile(inputs: readonly NamedFile[], outputs: readonly NamedFile[]): void {
  for (const [number, output] of outputs.entries()) {
    for (const other of [...inputs, ...outputs.slice(0, number)]) {
      if (!isSameFile(other.path, output.path)) continue;
      const message = `${other.flag} and ${output.flag} are the same file, and one would be lost to the other`;
      throw new EngramTraceError('usage', message, {
        where: output.path,
        hint: `Name another file with ${output.flag}.`,
      });
    }
  }
}

function isSameFile(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined || one === '-' || other === '-') return false;
  const [a, b] = [statOf(one), statOf(other)];
  if (a === undefined && b === undefined) return pathToBe(one) === pathToBe(other);
  return a?.isFile() === true && b?.isFile() === true && a.dev === b.dev && a.ino === b.ino;
}

function statOf(path: string): BigIntStats | undefined {
  try {
    // Exact: an inode number may be larger than what a number holds.
    return statSync(path, { bigint: true });
  } catch {
    // What opens the file says what is wrong with it.
    return undefined;
  }
}

/** Where a file would come to be; its folder may have several names. */
function pathToBe(path: string): string {
  try {
    // A link to a file that is not there yet leads to where that will be.
    const whole = resolve(String(followLinks(path)));
    return join(realpathSync(dirname(whole)), basename(whole));
  } catch {
    return resolve(path);
  }
}

import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { EngramTraceError } from '../../error.ts';
import { didYouMean } from '../../nearest.ts';
import { scenarioNameOf } from './shipped-scenarios.ts';

/** Where a file is that may be one that ships. */
export interface LocatedFile {
  readonly file: string;
  /** The file that was named is not there, and the shipped one of its name was taken. */
  readonly isInstead: boolean;
}

/** What is looked for: its word, those that ship, and how they are listed. */
export interface Shipped {
  readonly what: 'scenario' | 'suite';
  readonly files: ReadonlyMap<string, string>;
  readonly listed: string;
}

/** The file of a scenario or suite, by its path or by the name of a shipped one. Throws `usage` where there is none. */
export function locateShipped(named: string, { what, files, listed }: Shipped): LocatedFile {
  const isPath = /[/\\]|\.toml$/i.test(named);
  if (isPath && existsSync(named)) return { file: named, isInstead: false };
  const file = files.get(scenarioNameOf(named));
  if (file !== undefined) return { file, isInstead: isPath };
  if (existsSync(named)) return { file: named, isInstead: false };
  const message = isPath ? 'there is no such file' : `there is no ${what} '${named}'`;
  throw new EngramTraceError('usage', message, {
    ...(isPath ? { where: named } : {}),
    hint: didYouMean(scenarioNameOf(named), files.keys(), listed),
  });
}

/** More than that is no scenario, and a device may never end. */
const MOST_BYTES = 2 ** 20;

/** The text of a scenario or suite. Throws `usage` for what is no file, can't be read, or is too large. */
export function tomlTextOf(file: string, what: Shipped['what']): string {
  const bytes = Buffer.allocUnsafe(MOST_BYTES + 1);
  const length = filled(file, bytes, what);
  if (length <= MOST_BYTES) return bytes.toString('utf8', 0, length).replace(/^\ufeff/, '');
  throw new EngramTraceError('usage', `this is larger than 1 MiB, and no ${what}`, { where: file });
}

function filled(file: string, bytes: Buffer, what: Shipped['what']): number {
  try {
    const descriptor = openSync(file, 'r');
    try {
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read)
        read = readSync(descriptor, bytes, length, bytes.length - length, null);
      return length;
    } finally {
      closeSync(descriptor);
    }
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EISDIR')
      throw new EngramTraceError('usage', `this is a folder, and no ${what}`, {
        where: file,
        hint: 'name a file in it',
        cause: thrown,
      });
    throw EngramTraceError.from(thrown, 'usage', { where: file });
  }
}

import { spawnSync } from 'node:child_process';

/** Why a test that needs these programs is skipped; false where all are installed. The runner of the tests reads it. */
export function missing(...programs: string[]): string | false {
  const absent = programs.find((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
  return absent !== undefined && `${absent} is not installed`;
}

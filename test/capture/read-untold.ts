import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeUntoldLosses,
  isUntoldLossesName,
  type UntoldLosses,
} from '../../src/trace/op-log/untold-losses.ts';

/** What the runs of an op log left untold. */
export async function readUntold(folder: string): Promise<UntoldLosses[]> {
  const names = (await readdir(folder)).filter(isUntoldLossesName).sort();
  return Promise.all(names.map(async (name) => decodeUntoldLosses(await readFile(join(folder, name)), name)));
}

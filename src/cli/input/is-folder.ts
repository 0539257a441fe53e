import { stat } from 'node:fs/promises';

/** Whether there is a folder of that name; `-` is none. */
export async function isFolder(path: string): Promise<boolean> {
  return path !== '-' && (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

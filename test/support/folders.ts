import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = new Set<string>();

/** Makes an empty folder, which is removed when the process of the test file ends: nothing is open in it any more. */
export function newFolder(): string {
  if (made.size === 0) process.once('exit', removeAll);
  const folder = mkdtempSync(join(tmpdir(), 'engram-trace-test-'));
  made.add(folder);
  return folder;
}

/** Calls `action` with an empty folder that is removed afterwards: for tests that fill many of them. */
export async function withFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = newFolder();
  try {
    return await action(folder);
  } finally {
    made.delete(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

function removeAll(): void {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
}

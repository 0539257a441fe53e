import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SegmentInfo } from './retention.ts';

/** A segment being written. */
export interface SegmentFile {
  /** Writes all of `bytes` at `position`, or throws. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The folder of an op log. */
export interface SegmentFs {
  /** A new file, for its owner only. */
  create(name: string): Promise<SegmentFile>;
  list(): Promise<SegmentInfo[]>;
  remove(name: string): Promise<void>;
}

/** The folder `directory`, made with mode 0700 if it is missing. */
export async function openSegmentFs(directory: string): Promise<SegmentFs> {
  await makeFolder(directory);
  return {
    create: (name) => createFile(join(directory, name)),
    list: () => listFiles(directory),
    remove: (name) => unlink(join(directory, name)),
  };
}

async function makeFolder(directory: string): Promise<void> {
  const hasParent = await stat(dirname(directory)).catch(() => undefined);
  try {
    // Not recursive where it need not be: Node retries for ever where the kernel denies that the parent exists (/proc).
    await mkdir(directory, { recursive: hasParent === undefined, mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function createFile(path: string): Promise<SegmentFile> {
  const file = await open(path, 'wx', 0o600);
  return {
    async write(bytes, position) {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
        if (bytesWritten === 0) throw new Error('the disk takes no more bytes');
        done += bytesWritten;
      }
    },
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: () => file.datasync(),
    close: () => file.close(),
  };
}

async function listFiles(directory: string): Promise<SegmentInfo[]> {
  const infos: SegmentInfo[] = [];
  for (const name of await readdir(directory)) {
    const info = await stat(join(directory, name)).catch(() => undefined); // removed since: gone is gone
    if (info?.isFile()) infos.push({ name, sizeBytes: info.size, modifiedMs: info.mtimeMs });
  }
  return infos;
}

import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
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
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return {
    create: (name) => createFile(join(directory, name)),
    list: () => listFiles(directory),
    remove: (name) => unlink(join(directory, name)),
  };
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

import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SegmentInfo } from './retention.ts';

/** What has become of a file that is being written. */
export interface FileLook {
  /** Its name still leads to it: it was neither removed, moved nor replaced, and neither was its folder. */
  readonly isInPlace: boolean;
  readonly sizeBytes: number;
}

/** A file being written. */
export interface SegmentFile {
  /** Writes all of `bytes` at `position`, or throws. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  look(): Promise<FileLook>;
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

/** The folder `directory`; `create` makes it with mode 0700 if it is missing, also when it went missing meanwhile. */
export function createSegmentFs(directory: string): SegmentFs {
  return {
    async create(name) {
      await makeFolder(directory);
      return createFile(join(directory, name));
    },
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
    look: () => lookAt(file, path),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: () => file.datasync(),
    close: () => file.close(),
  };
}

/** Errors of `stat` that say that there is no such file; any other one says nothing about it. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

async function lookAt(file: FileHandle, path: string): Promise<FileLook> {
  const opened = await file.stat({ bigint: true });
  const sizeBytes = Number(opened.size);
  try {
    const named = await stat(path, { bigint: true });
    return { isInPlace: named.dev === opened.dev && named.ino === opened.ino, sizeBytes };
  } catch (thrown) {
    return { isInPlace: !NOT_THERE.has((thrown as NodeJS.ErrnoException).code ?? ''), sizeBytes };
  }
}

async function listFiles(directory: string): Promise<SegmentInfo[]> {
  const infos: SegmentInfo[] = [];
  for (const name of await readdir(directory)) {
    const info = await stat(join(directory, name)).catch(() => undefined); // removed since: gone is gone
    if (info?.isFile()) infos.push({ name, sizeBytes: info.size, modifiedMs: info.mtimeMs });
  }
  return infos;
}

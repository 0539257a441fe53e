import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** A file in the folder of an op log. */
export interface SegmentInfo {
  readonly name: string;
  readonly sizeBytes: number;
  /** Last change, Unix ms. */
  readonly modifiedMs: number;
}

/** What somebody else may have done to a file while capture writes it. */
export interface FileLook {
  /** Its name still leads to it: it was neither removed, moved nor replaced, and neither was its folder. */
  readonly isInPlace: boolean;
  readonly sizeBytes: number;
}

/** A file of the op log that is being written. */
export interface SegmentFile {
  /** Writes all of `bytes` at `position`, or throws. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  look(): Promise<FileLook>;
  truncate(sizeBytes: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The calls to the file system that an op log needs; all names are names in its folder. */
export interface SegmentFs {
  /** A new file, for its owner only. */
  create(name: string): Promise<SegmentFile>;
  list(): Promise<SegmentInfo[]>;
  remove(name: string): Promise<void>;
}

/**
 * The folder `directory`; `create` makes it with mode 0700 if it is missing, also when it went missing meanwhile. Every
 * call waits in the thread: the process it runs in does nothing else, and a detour by other threads costs ten times more.
 */
export function createSegmentFs(directory: string): SegmentFs {
  return {
    async create(name) {
      makeFolder(directory);
      return createFile(join(directory, name));
    },
    list: async () => listFiles(directory),
    remove: async (name) => unlinkSync(join(directory, name)),
  };
}

function makeFolder(directory: string): void {
  const hasParent = statSync(dirname(directory), { throwIfNoEntry: false }) !== undefined;
  try {
    // Not recursive where it need not be: Node retries for ever where the kernel denies that the parent exists (/proc).
    mkdirSync(directory, { recursive: !hasParent, mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Code of the error of a write behind the end of a file that somebody cut. */
export const FILE_WAS_CUT = 'FILE_WAS_CUT';

function cutError(): Error {
  return Object.assign(new Error('somebody cut the file'), { code: FILE_WAS_CUT });
}

function createFile(path: string): SegmentFile {
  const fd = openSync(path, 'wx', 0o600);
  return {
    async write(bytes, position) {
      // Somebody cut it: the kernel would fill the hole with zeros.
      if (fstatSync(fd).size < position) throw cutError();
      for (let done = 0; done < bytes.length; ) {
        const written = writeSync(fd, bytes, done, bytes.length - done, position + done);
        if (written === 0) throw new Error('the disk takes no more bytes');
        done += written;
      }
    },
    look: async () => lookAt(fd, path),
    truncate: async (sizeBytes) => ftruncateSync(fd, sizeBytes),
    sync: async () => fdatasyncSync(fd),
    close: async () => closeSync(fd),
  };
}

/** Errors of `stat` that say that there is no such file; any other one says nothing about it. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

function lookAt(fd: number, path: string): FileLook {
  const opened = fstatSync(fd, { bigint: true });
  const sizeBytes = Number(opened.size);
  try {
    const named = statSync(path, { bigint: true });
    return { isInPlace: named.dev === opened.dev && named.ino === opened.ino, sizeBytes };
  } catch (thrown) {
    return { isInPlace: !NOT_THERE.has((thrown as NodeJS.ErrnoException).code ?? ''), sizeBytes };
  }
}

function listFiles(directory: string): SegmentInfo[] {
  const infos: SegmentInfo[] = [];
  for (const name of readdirSync(directory)) {
    const info = statSync(join(directory, name), { throwIfNoEntry: false }); // removed since: gone is gone
    if (info?.isFile()) infos.push({ name, sizeBytes: info.size, modifiedMs: info.mtimeMs });
  }
  return infos;
}

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DiskCall, DiskResult, FromDisk, ToDisk } from './disk-messages.ts';
import type { FileLook, SegmentFile, SegmentFs, SegmentInfo } from './segment-fs.ts';

export interface DiskClientOptions {
  readonly directory: string;
  /** Told of each process that is started, and with undefined when it is gone. */
  readonly onProcess: (pid: number | undefined) => void;
  /** Program of the process; for tests. */
  readonly entry?: URL | undefined;
}

/** The folder of an op log, which another process reads and writes for this one. */
export interface DiskClient extends SegmentFs {
  /** Ends the process, whatever it does. What calls are open fail. */
  end(): void;
}

/** The disk process only hands bytes on: it gets a small heap, and no threads to collect or compile. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=0', '--max-old-space-size=64'];
const RESTART_MS = 1_000;

/**
 * A folder whose calls are made by a process of their own, which is started by the first call. When it dies, what it
 * had open is lost to this client (not to the disk), and a later call starts another one.
 */
export function createDiskClient(options: DiskClientOptions): DiskClient {
  const { start, end } = createDiskCaller(options);
  return {
    async create(name) {
      const call = start();
      return remoteFile(call, (await call({ kind: 'create', name })) as number);
    },
    list: async () => (await start()({ kind: 'list' })) as SegmentInfo[],
    remove: async (name) => void (await start()({ kind: 'remove', name })),
    end,
  };
}

type Caller = (call: DiskCall, bytes?: Uint8Array) => Promise<DiskResult>;

/** Makes a file that another process has open look like one of this process. */
function remoteFile(call: Caller, file: number): SegmentFile {
  return {
    write: async (bytes, position) =>
      void (await call({ kind: 'write', file, sizeBytes: bytes.length, position }, bytes)),
    look: async () => (await call({ kind: 'look', file })) as FileLook,
    truncate: async (sizeBytes) => void (await call({ kind: 'truncate', file, sizeBytes })),
    sync: async () => void (await call({ kind: 'sync', file })),
    close: async () => void (await call({ kind: 'close', file })),
  };
}

interface Waiting {
  readonly resolve: (result: DiskResult) => void;
  readonly reject: (error: Error) => void;
}

function createDiskCaller(options: DiskClientOptions): { start: () => Caller; end: () => void } {
  let running: { child: ChildProcess; call: Caller } | undefined;
  let startedMs = Number.NEGATIVE_INFINITY;
  const startProcess = (): { child: ChildProcess; call: Caller } => {
    const sinceMs = performance.now() - startedMs;
    if (sinceMs < RESTART_MS) throw new Error('the process that writes the op log ended');
    startedMs = performance.now();
    const child = forkDisk(options);
    options.onProcess(child.pid);
    const call = callerOf(child, () => {
      if (running?.child !== child) return;
      running = undefined;
      options.onProcess(undefined);
    });
    return { child, call };
  };
  return {
    start: () => {
      running ??= startProcess();
      return running.call;
    },
    end: () => {
      running?.child.kill('SIGKILL');
      running?.child.disconnect();
    },
  };
}

function forkDisk({ directory, entry }: DiskClientOptions): ChildProcess {
  const program = entry ?? new URL('./disk-process.js', import.meta.url);
  const child = fork(fileURLToPath(program), [directory], {
    execArgv: NODE_FLAGS,
    // Holds nothing open that somebody waits for. Bytes go through a pipe of their own, for messages are copied often.
    stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
  });
  child.stdin?.on('error', () => {}); // the process ended, which is told by its exit
  return child;
}

/** Makes a function that calls the child process; when the child ends, all open calls fail. */
function callerOf(child: ChildProcess, onEnd: () => void): Caller {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let end: string | undefined;
  const fail = (reason: string): void => {
    if (end !== undefined) return;
    end = `the process that writes the op log ended: ${reason}`;
    onEnd();
    for (const { reject } of waiting.values()) reject(new Error(end));
    waiting.clear();
  };
  child.on('message', ({ id, result, error }: FromDisk) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.resolve(result);
    else one?.reject(Object.assign(new Error(error.message), { code: error.code }));
  });
  child.on('exit', (code, signal) => fail(signal ?? `exit code ${code}`));
  child.on('error', (error) => fail(error.message));
  return (call, bytes) =>
    new Promise((resolve, reject) => {
      if (end !== undefined) return reject(new Error(end));
      waiting.set(++lastId, { resolve, reject });
      const message: ToDisk = { id: lastId, call };
      child.send(message, (error) => {
        if (error !== null) fail(error.message);
      });
      if (bytes !== undefined) child.stdin?.write(bytes);
    });
}

import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newFolder } from '../support/folders.ts';
import type { WarmRun } from './warm-program.ts';

const WARM_PROGRAM = fileURLToPath(new URL('./warm-program.js', import.meta.url));

export interface Ended {
  code: number | null;
  stdout: Buffer;
  stderr: Buffer;
}

/** More at a time only take turns on two cores. */
const MOST_CHILDREN = 2;
/** Where the program's stdin comes from. */
let sockets: string | undefined;
let inputs = 0;
const idle: ChildProcess[] = [];
const waiting: ((child: ChildProcess) => void)[] = [];
const children = new Set<ChildProcess>();

// So that they are counted with this process.
process.once('beforeExit', () => {
  for (const child of children) {
    hold(child, true);
    child.disconnect();
  }
});

/**
 * Runs the built program in a process that has run it before: with real pipes, the exit code, and to the moment when
 * nothing keeps the process alive any more, but without starting Node and loading every module again. A process that
 * the program ends is not used again. Not for tests of signals or of a process's start.
 */
export async function runWarm(
  run: Omit<WarmRun, 'mark' | 'stdin'>,
  input?: Uint8Array | string,
): Promise<Ended> {
  const stdin = input === undefined ? undefined : await serveOnce(input);
  try {
    return await runIn(await freeChild(), { ...run, stdin: stdin?.path });
  } finally {
    stdin?.server.close();
  }
}

/** A local socket that gives one client the input, and ends. */
async function serveOnce(input: Uint8Array | string): Promise<{ path: string; server: Server }> {
  sockets ??= newFolder();
  const path = join(sockets, String(inputs++));
  const server = createServer((socket) => {
    server.close();
    socket.on('error', () => {}); // The program may end before it has read everything.
    socket.end(input);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { path, server };
}

async function runIn(child: ChildProcess, run: Omit<WarmRun, 'mark'>): Promise<Ended> {
  const mark = `\0${randomUUID()}`;
  const gone = new Promise<number | null>((resolve) => child.once('close', resolve));
  const told = new Promise<number>((resolve) => child.once('message', (code) => resolve(Number(code))));
  const [stdout, stderr] = [
    read(child.stdout as Socket, mark, gone),
    read(child.stderr as Socket, mark, gone),
  ];
  child.send({ ...run, mark });
  const code = await Promise.race([told, gone]);
  const ended = { code, stdout: await stdout, stderr: await stderr };
  child.removeAllListeners();
  release(child);
  return ended;
}

async function freeChild(): Promise<ChildProcess> {
  const free = idle.pop();
  if (free === undefined && children.size >= MOST_CHILDREN) {
    return new Promise((resolve) => waiting.push(resolve));
  }
  const child = free ?? startChild();
  hold(child, true);
  return child;
}

function release(child: ChildProcess): void {
  const next = waiting.shift();
  if (!child.connected) {
    children.delete(child);
    next?.(startChild());
  } else if (next !== undefined) {
    next(child);
  } else {
    hold(child, false);
    idle.push(child);
  }
}

function startChild(): ChildProcess {
  const child = fork(WARM_PROGRAM, { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] });
  child.stdin?.end();
  children.add(child);
  return child;
}

/** A process that waits for work does not keep this one alive. */
function hold(child: ChildProcess, isHeld: boolean): void {
  for (const handle of [child, child.channel, child.stdout as Socket, child.stderr as Socket]) {
    if (isHeld) handle?.ref();
    else handle?.unref();
  }
}

/** What comes before the mark, or before the end of the process. */
function read(stream: Socket, mark: string, gone: Promise<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let tail = '';
  return new Promise((resolve) => {
    const end = (markBytes: number): void => {
      stream.off('data', take);
      const bytes = Buffer.concat(chunks);
      resolve(bytes.subarray(0, bytes.length - markBytes));
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      tail = (tail + chunk.toString('latin1')).slice(-mark.length);
      if (tail === mark) end(mark.length);
    };
    stream.on('data', take);
    void gone.then(() => end(0));
  });
}

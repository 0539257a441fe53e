import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { WarmRun } from './warm-program.ts';

const WARM_PROGRAM = fileURLToPath(new URL('./warm-program.js', import.meta.url));

export interface Ended {
  code: number | null;
  stdout: Buffer;
  stderr: Buffer;
}

/** More at a time only take turns on two cores. */
const MOST_CHILDREN = 2;
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
 * the program ends is not used again. Not for tests of stdin, of signals or of a process's start.
 */
export async function runWarm(run: Omit<WarmRun, 'mark'>): Promise<Ended> {
  const child = await freeChild();
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

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { cleanEnv, MAIN } from '../../cli/run-cli.ts';

/** Why nobody can be kept from opening files here; undefined where that works. */
export function limitsMissing(): string | undefined {
  const works = spawnSync('sh', ['-c', 'ulimit -n 64']).status === 0 && spawnSync('prlimit').status === 0;
  return works && process.platform === 'linux'
    ? undefined
    : 'the shell sets no limits, or there is no prlimit';
}

export interface LimitedRun {
  child: ChildProcess;
  finished: Promise<{ code: number | null; stderr: string }>;
}

/** Starts the program with at most so many files and sockets open at a time. */
export function startLimited(openFiles: number, args: readonly string[]): LimitedRun {
  const command = `ulimit -n ${openFiles} && exec "$0" "$@"`;
  const child = spawn('sh', ['-c', command, process.execPath, MAIN, ...args], {
    env: cleanEnv(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const finished = once(child, 'close').then(([code]) => ({ code: code as number | null, stderr }));
  return { child, finished };
}

/** From now on the process may have no more open than it has. */
export function freezeOpenFiles({ pid }: ChildProcess): void {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  while (open.has(limit)) limit += 1;
  spawnSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:${limit}`]);
}

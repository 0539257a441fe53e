import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { withCleanUp } from '../shared/clean-up.ts';
import { processFigures } from '../shared/process-figures.ts';
import { pinned } from '../shared/run-child.ts';
import { monotonicS } from './sink/arrival-log.ts';

/** What a tool cost, and what it said. */
export interface ToolRun {
  /** User and system, of the whole process. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
  /** Null: ended by a signal. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Its CPU time as it ran. */
  readonly looks: readonly CpuLook[];
}

export interface CpuLook {
  readonly atS: number;
  readonly cpuSeconds: number;
}

/** How a tool is run. */
export interface ToolLimits {
  /** As taskset takes them. */
  readonly cores: string;
  /** It is ended after so long, whatever it does. */
  readonly limitS: number;
  /** It is ended, gently, once this says so; for tools that do not end of their own. */
  isOver?(): Promise<boolean>;
}

const LOOK_EVERY_MS = 50;
const NODE_ENV = { NODE_NO_WARNINGS: '1' };
/** The shell counts the CPU time of what it waited for; it tells on a channel of its own who that is, and how it ended. */
const SCRIPT = '"$@" 3>&- & echo $! >&3; wait $!; echo $? >&3; times >&3';

/** Runs a tool to its end and looks at it now and then. A signal to the bench ends it. */
export async function runTool(command: readonly string[], limits: ToolLimits): Promise<ToolRun> {
  const shell = spawn('bash', ['-c', SCRIPT, 'bash', ...pinned(command, limits.cores)], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...NODE_ENV },
  });
  const [stdout, stderr, said] = [shell.stdout, shell.stderr, shell.stdio[3]].map((stream) =>
    collect(stream as NodeJS.ReadableStream),
  ) as [() => string, () => string, () => string];
  const closed = once(shell, 'close');
  const kill = (signal: NodeJS.Signals): void => end(Number.parseInt(said(), 10), signal);
  const watch = startWatch(() => Number.parseInt(said(), 10), limits, kill);
  return withCleanUp(
    () => kill('SIGKILL'),
    async () => {
      await closed;
      const { looks, peakMb } = watch.stop();
      const [, status, ...times] = said().trim().split('\n');
      return {
        ...{ cpuSeconds: secondsIn(times.at(-1) ?? ''), peakMb, looks },
        ...{ status: Number(status), stdout: stdout(), stderr: stderr() },
      };
    },
  );
}

function startWatch(
  pid: () => number,
  { limitS, isOver }: ToolLimits,
  kill: (signal: NodeJS.Signals) => void,
): { stop(): { looks: CpuLook[]; peakMb: number } } {
  const looks: CpuLook[] = [];
  let peakMb = 0;
  const look = setInterval(() => {
    const figures = processFigures(pid());
    if (figures.residentMb === 0) return;
    looks.push({ atS: monotonicS(), cpuSeconds: figures.cpuSeconds });
    peakMb = Math.max(peakMb, figures.peakMb);
  }, LOOK_EVERY_MS);
  const limit = setTimeout(() => kill('SIGKILL'), limitS * 1000);
  let isAsking = false;
  const over = setInterval(async () => {
    if (isOver === undefined || isAsking) return;
    isAsking = true;
    if (await isOver()) kill('SIGTERM');
    isAsking = false;
  }, LOOK_EVERY_MS * 4);
  return {
    stop: () => {
      for (const timer of [look, limit, over]) clearTimeout(timer);
      return { looks, peakMb };
    },
  };
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

/** The CPU seconds of a line of `times`: `0m1.234s 0m0.567s`. */
export function secondsIn(times: string): number {
  const parts = [...times.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** The CPU seconds between two moments, evenly spread between two looks. */
export function cpuBetween(looks: readonly CpuLook[], fromS: number, toS: number): number {
  return cpuAt(looks, toS) - cpuAt(looks, fromS);
}

function cpuAt(looks: readonly CpuLook[], atS: number): number {
  const after = looks.findIndex((look) => look.atS >= atS);
  const [before, next] = [looks[after - 1], looks[after]];
  if (next === undefined) return looks.at(-1)?.cpuSeconds ?? Number.NaN;
  if (before === undefined) return next.cpuSeconds;
  const share = (atS - before.atS) / (next.atS - before.atS);
  return before.cpuSeconds + (next.cpuSeconds - before.cpuSeconds) * share;
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

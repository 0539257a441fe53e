import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { withCleanUp } from './clean-up.ts';

/** How a command is run. */
export interface ChildOptions {
  /** Cores it may use, as taskset takes them; `all`: not pinned. */
  cores?: string;
  env?: Readonly<Record<string, string>>;
  /** Called with the process once it runs. */
  onStart?: (child: ChildProcess) => void;
  /** Also takes messages of a Node child. */
  ipc?: boolean;
}

export interface ChildEnd {
  /** Null: ended by a signal. */
  status: number | null;
  stdout: string;
  stderr: string;
}

const isTasksetThere = spawnSync('taskset', ['-V']).status === 0;

/** The command line that keeps a command to these cores; as it was where there is no taskset. */
export function pinned(command: readonly string[], cores: string): readonly string[] {
  return cores === 'all' || !isTasksetThere ? command : ['taskset', '-c', cores, ...command];
}

/** Whether a program is on the PATH. */
export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** Runs a command to its end and keeps what it said; a signal to the bench ends it too. Rejects if it can't start. */
export async function runChild(command: readonly string[], options: ChildOptions = {}): Promise<ChildEnd> {
  const [program = '', ...args] = pinned(command, options.cores ?? 'all');
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc ? ['ipc' as const] : [])],
    env: { ...process.env, ...options.env },
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', (status) => resolve(status));
  });
  options.onStart?.(child);
  return withCleanUp(
    () => child.kill('SIGKILL'),
    async () => ({ status: await ended, stdout: stdout(), stderr: stderr() }),
  );
}

/** What it printed; rejects with what it complained of unless it ends well. */
export async function outputOf(command: readonly string[], options: ChildOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await runChild(command, options);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr || stdout}`);
  return stdout;
}

/** CPU seconds (user and system) of a command of the shell, and what it printed. */
export async function cpuOf(
  command: string,
  options: ChildOptions = {},
): Promise<{ cpuSeconds: number; output: string }> {
  // The last line of `times` is the CPU time of the shell's children.
  const output = await outputOf(['bash', '-c', `${command} 2>&1 && times`], options);
  const children = output.trim().split('\n').at(-1) ?? '';
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s));
  return { cpuSeconds: seconds.reduce((sum, value) => sum + value, 0), output };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

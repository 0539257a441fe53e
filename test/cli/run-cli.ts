import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Ended, runWarm } from './run-warm.ts';

export const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export interface CliResult {
  code: number | null;
  stdout: string;
  stdoutBytes: Buffer;
  stderr: string;
}

export interface CliOptions {
  input?: Uint8Array | string;
  env?: Record<string, string>;
  cwd?: string;
  /** In a process of its own, as users do: for tests of the process itself, or where much memory or many files count. */
  fresh?: boolean;
}

/** Environment without any variable of ours. */
export function cleanEnv(env: Record<string, string> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ENGRAM_TRACE_'));
  return { ...Object.fromEntries(inherited), ...env };
}

/** Runs the built program to its end, in a process that has run it before where that makes no difference. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { input, cwd = process.cwd() } = options;
  const readsStdin = input !== undefined || args.includes('-');
  const { fresh = options.env?.['NODE_OPTIONS'] !== undefined } = options;
  const env = cleanEnv(options.env);
  const stdin = readsStdin ? (input ?? '') : undefined;
  const ended = fresh ? await runFresh(args, { env, cwd }, stdin) : await runWarm({ args, env, cwd }, stdin);
  const { code, stdout, stderr } = ended;
  return { code, stdoutBytes: stdout, stdout: stdout.toString(), stderr: stderr.toString() };
}

function runFresh(
  args: readonly string[],
  place: { env: NodeJS.ProcessEnv; cwd: string },
  input: Uint8Array | string = '',
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], place);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {}); // It may end before it has read everything.
    child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
    });
  });
}

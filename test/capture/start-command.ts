import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The built command. */
export const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** The capture command, ready. */
export interface Running {
  child: ChildProcess;
  port: number;
  stdout: () => string;
  exited: Promise<number | string>;
}

/** Starts the built command and waits for its ready line; with one relay, whatever the machine, unless it is told. */
export async function startCommand(
  t: TestContext,
  args: readonly string[],
  before: readonly string[] = [],
): Promise<Running> {
  const relays = args.includes('--relays') ? [] : ['--relays', '1'];
  const command = [process.execPath, MAIN, 'capture', '--json', ...relays, ...args];
  const [program = '', ...rest] = [...before, ...command];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part) => {
    stdout += part;
  });
  child.stderr.on('data', (part) => {
    stderr += part;
  });
  const exited = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? '')),
  );
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
    exited.then((code) => Promise.reject(new Error(`exit ${code}: ${stderr}`))),
  ]);
  return { child, port: (JSON.parse(line) as { http_port: number }).http_port, stdout: () => stdout, exited };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { cleanEnv, MAIN } from './run-cli.ts';

/** A program that makes something of stderr, and then becomes (or starts) what its arguments name. */
export type StderrOf = readonly string[];

export const FULL_DEVICE: StderrOf = ['sh', '-c', 'exec "$@" 2>/dev/full', 'sh'];
export const CLOSED: StderrOf = ['sh', '-c', 'exec "$@" 2>&-', 'sh'];
/** A file that may grow no more: others may, up to its size. */
export const FILE_AT_ITS_LIMIT: StderrOf = [
  'python3',
  '-c',
  `
import os, resource, sys, tempfile
log = tempfile.TemporaryFile('ab')
log.truncate(8 << 20)
resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, 8 << 20))
os.dup2(log.fileno(), 2)
os.execvp(sys.argv[1], sys.argv[1:])
`,
];

/** A pipe that is full, whose reader is there and reads nothing. */
export const FULL_PIPE: StderrOf = [
  'python3',
  '-c',
  `
import fcntl, os, sys
reader, writer = os.pipe()
os.set_blocking(writer, False)
for size in (4096, 1):
  try:
    while True: os.write(writer, b'x' * size)
  except BlockingIOError: pass
os.set_blocking(writer, True)
os.set_inheritable(reader, True)
os.dup2(writer, 2)
os.execvp(sys.argv[1], sys.argv[1:])
`,
];

/** A pipe whose reader left. */
export const PIPE_WITHOUT_READER: StderrOf = [
  'python3',
  '-c',
  `
import os, sys
reader, writer = os.pipe()
os.close(reader)
os.dup2(writer, 2)
os.execvp(sys.argv[1], sys.argv[1:])
`,
];

/** A terminal of 80 columns that was stopped by Ctrl-S. Signals are passed on. */
export const STOPPED_TERMINAL: StderrOf = [
  'python3',
  '-c',
  `
import fcntl, os, pty, signal, struct, subprocess, sys, termios, time
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
os.write(master, b'\\x13')
probe = os.open(os.ttyname(slave), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
try:
  while True: os.write(probe, b'.'); time.sleep(0.01)
except BlockingIOError: pass
program = subprocess.Popen(sys.argv[1:], stderr=slave)
signal.signal(signal.SIGTERM, lambda *_: program.terminate())
sys.exit(program.wait())
`,
];

export interface Started {
  child: ChildProcess;
  firstLine: Promise<string>;
  stdout: () => string;
  exited: Promise<number | string>;
}

/** Starts the program with such a stderr; without one it is a socket whose other end leaves at once. */
export function startWith(t: TestContext, stderrOf: StderrOf | undefined, args: readonly string[]): Started {
  const [program = '', ...rest] = [...(stderrOf ?? []), process.execPath, MAIN, ...args];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: cleanEnv() });
  t.after(() => child.kill('SIGKILL'));
  if (stderrOf === undefined) child.stderr?.destroy();
  else child.stderr?.resume();
  let stdout = '';
  child.stdout?.on('data', (text: Buffer) => {
    stdout += text;
  });
  const firstLine = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).once('line', resolve);
  });
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  return { child, firstLine, stdout: () => stdout, exited };
}

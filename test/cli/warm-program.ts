import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** One run of the program that `runWarm` asks for. */
export interface WarmRun {
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** The local socket that its stdin comes through, as it does in a process that Node has started; undefined: it is empty. */
  stdin?: string | undefined;
  /** What is written last to stdout and stderr. */
  mark: string;
}

/** Program of the process behind `runWarm`: runs what main.js runs whenever it is asked, and tells the exit code. */
const MAIN = new URL('../../src/cli/main.js', import.meta.url);
const PROGRAM = new URL('../../src/cli/program.js', import.meta.url);
const UNSETTLED = 13; // what Node says of a main module that never ends
let runs = 0;
let running: (WarmRun & { hasEnded: boolean }) | undefined;
let opened: Socket | undefined;

process.argv[1] = fileURLToPath(MAIN);
process.on('message', (run: WarmRun) => {
  const own = { ...run, hasEnded: false };
  running = own;
  // From here on only what the program does keeps this process alive.
  process.channel?.unref();
  setPlace(run);
  void (run.stdin === undefined ? Promise.resolve() : openStdin(run.stdin))
    .then(() => import(`${PROGRAM.href}?run=${runs++}`))
    .then(({ start }) => start(() => undefined))
    .then(() => {
      own.hasEnded = true;
    });
});
const EMPTY_STDIN = Object.getOwnPropertyDescriptor(process, 'stdin') as PropertyDescriptor;
const ours = new Map(process.eventNames().map((name) => [name, process.rawListeners(name)]));

// Node says so where the program would end by itself.
process.on('beforeExit', () => {
  if (running === undefined) return;
  const { mark, hasEnded } = running;
  const code = process.exitCode ?? (hasEnded ? 0 : UNSETTLED);
  running = undefined;
  forget();
  for (const fd of [1, 2]) writeWhole(fd, mark);
  process.channel?.ref();
  process.send?.(code);
});

function setPlace({ args, env, cwd }: WarmRun): void {
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
}

/** As Node opens stdin: nothing is read before the program asks for it, and what it never reads keeps nothing alive. */
async function openStdin(path: string): Promise<void> {
  opened = connect(path).pause();
  await once(opened, 'connect');
  Object.defineProperty(process, 'stdin', { value: opened, configurable: true, enumerable: true });
}

/** What the program has set up in the process goes, as it would with the process. */
function forget(): void {
  process.exitCode = undefined;
  opened?.destroy();
  Object.defineProperty(process, 'stdin', EMPTY_STDIN);
  process.stdout.removeAllListeners('error');
  for (const name of process.eventNames()) {
    if (name === 'beforeExit') continue;
    for (const listener of process.rawListeners(name)) {
      if (!ours.get(name)?.includes(listener)) process.off(name, listener as () => void);
    }
  }
}

/** Nothing else is on its way at that time; the reader may still be busy. */
function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

import { readdirSync } from 'node:fs';
import { BenchUsage } from './shared/bench-options.ts';
import { cleanUpAll } from './shared/clean-up.ts';
import { loadText, machineText } from './shared/machine.ts';

const NOT_BENCHES = new Set(['main', 'support']);

/** Without a parameter: it takes no options. */
type Bench = { run(args?: readonly string[]): Promise<void> };

/** The benches that were compiled: one file each, exporting `run`. */
function listBenches(): string[] {
  const names = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.js'));
  return names.map((name) => name.slice(0, -'.js'.length)).filter((name) => !NOT_BENCHES.has(name));
}

let stopping: Promise<void> | undefined;

const CLEAN_UP_MS = 10_000;

/** Ends what the bench started, then the process. One Ctrl-C may come as several signals. */
function watchSignals(): void {
  for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
    process.on(signal, () => {
      stopping ??= cleanUpAll().finally(() => process.exit(code));
      setTimeout(() => process.exit(code), CLEAN_UP_MS).unref();
    });
  }
}

async function runBench(name: string, args: readonly string[]): Promise<void> {
  const { run } = (await import(`./${name}.js`)) as Bench;
  if (run.length === 0 && args.length > 0) throw new BenchUsage(`${name} takes no options`);
  if (!args.includes('--help')) console.log(machineText());
  await run(args);
  console.log(`at the end: ${loadText()}`);
}

const [name, ...args] = process.argv.slice(2);
if (name !== undefined && listBenches().includes(name)) {
  watchSignals();
  try {
    await runBench(name, args);
  } catch (thrown) {
    await stopping; // Children that were ended make the bench fail: no news.
    if (!(thrown instanceof BenchUsage)) throw thrown;
    console.error(thrown.message);
    process.exitCode = thrown.isHelp ? 0 : 2;
  }
} else {
  if (name !== undefined) console.error(`There is no bench ${name}.`);
  console.error(
    `npm run bench -- NAME [options], --help tells them; NAME is one of: ${listBenches().join(', ')}`,
  );
  process.exitCode = name === undefined ? 0 : 2;
}

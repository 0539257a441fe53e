import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFileSink } from '../src/trace/file/file-sink.ts';
import { emptyHeader, type TraceRecord } from '../src/trace/record/record.ts';
import { createTraceWriter } from '../src/trace/write/create-trace-writer.ts';
import { cpuSecondsOf, embeddingRecords, median, report, smallRecords, withFolder } from './support.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const ROUNDS = 21;
const SMALL_RECORDS = 1000;
const LARGE_RECORDS = 250_000; // About 2 GB of raw blocks.
const MAX_HELP_RATIO = 2;
const MAX_INSPECT_MS = 100;

/** How long commands take that do next to nothing, beside `node -e 0`: all of them by turns, medians of the rounds. */
export async function run(): Promise<void> {
  await withFolder(async (folder) => {
    const small = join(folder, 'small.trace.zst');
    const large = join(folder, 'large.trace.zst');
    await write(small, smallRecords(SMALL_RECORDS));
    await write(large, embeddingRecords(LARGE_RECORDS));
    const measured = await measure({
      node: ['-e', '0'],
      help: [MAIN, '--help'],
      small: [MAIN, 'inspect', small],
      large: [MAIN, 'inspect', large],
    });
    for (const [name, { wallMs, cpuMs }] of Object.entries(measured)) {
      const [middle, least, cpu] = [median(wallMs), Math.min(...wallMs), median(cpuMs)];
      const texts = [middle, least, cpu].map((ms) => `${ms.toFixed(1)} ms`);
      console.log(`  ${name.padEnd(6)} median ${texts[0]}, least ${texts[1]}, CPU ${texts[2]}`);
    }
    const node = median(measured.node.wallMs);
    report('--help, beside node -e 0', median(measured.help.wallMs) / node, MAX_HELP_RATIO, 'x');
    report(
      'inspect of a small trace, above node -e 0',
      median(measured.small.wallMs) - node,
      MAX_INSPECT_MS,
      'ms',
    );
    report(
      'inspect of 2 GB raw, above node -e 0',
      median(measured.large.wallMs) - node,
      MAX_INSPECT_MS,
      'ms',
    );
  });
}

async function write(path: string, batches: Iterable<TraceRecord[]>): Promise<void> {
  const writer = createTraceWriter(await createFileSink(path), emptyHeader());
  for (const batch of batches) await writer.write(batch);
  await writer.finish();
}

interface Times {
  wallMs: number[];
  /** On a machine that has other work too, this says more. */
  cpuMs: number[];
}

async function measure<T extends string>(commands: Record<T, readonly string[]>): Promise<Record<T, Times>> {
  const names = Object.keys(commands) as T[];
  const empty = names.map((name): [T, Times] => [name, { wallMs: [], cpuMs: [] }]);
  const times = Object.fromEntries(empty) as Record<T, Times>;
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of names) {
      const wallMs = wallMsOf(commands[name]);
      const words = [process.execPath, ...commands[name]].map((word) => `'${word}'`);
      const cpuMs = (await cpuSecondsOf(words.join(' '))) * 1000;
      if (round === 0) continue; // It only warms the file cache.
      times[name].wallMs.push(wallMs);
      times[name].cpuMs.push(cpuMs);
    }
  }
  return times;
}

function wallMsOf(args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - started;
}

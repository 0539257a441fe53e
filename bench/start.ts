import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTraceWriter } from '../src/trace/create-trace-writer.ts';
import { createFileSink } from '../src/trace/file-sink.ts';
import { emptyHeader, type TraceRecord } from '../src/trace/record.ts';
import { embeddingRecords, median, report, smallRecords, withFolder } from './support.ts';

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
    const times = measure({
      node: ['-e', '0'],
      help: [MAIN, '--help'],
      small: [MAIN, 'inspect', small],
      large: [MAIN, 'inspect', large],
    });
    for (const [name, ms] of Object.entries(times)) {
      const [middle, least] = [median(ms), Math.min(...ms)];
      console.log(`  ${name.padEnd(6)} median ${middle.toFixed(1)} ms, least ${least.toFixed(1)} ms`);
    }
    const node = median(times.node);
    report('--help, beside node -e 0', median(times.help) / node, MAX_HELP_RATIO, 'x');
    report('inspect of a small trace, above node -e 0', median(times.small) - node, MAX_INSPECT_MS, 'ms');
    report('inspect of 2 GB raw, above node -e 0', median(times.large) - node, MAX_INSPECT_MS, 'ms');
  });
}

async function write(path: string, batches: Iterable<TraceRecord[]>): Promise<void> {
  const writer = createTraceWriter(await createFileSink(path), emptyHeader());
  for (const batch of batches) await writer.write(batch);
  await writer.finish();
}

function measure<T extends string>(commands: Record<T, readonly string[]>): Record<T, number[]> {
  const names = Object.keys(commands) as T[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<T, number[]>;
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of names) {
      const started = performance.now();
      const { status, stderr } = spawnSync(process.execPath, commands[name], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
      // The first round only warms the file cache.
      if (round > 0) times[name].push(performance.now() - started);
    }
  }
  return times;
}

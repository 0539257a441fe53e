import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { runDemo } from '../demo/demo.ts';
import { parseDuration } from './parse-duration.ts';

interface DemoFlags {
  results: string;
  duration: number;
  seed: string;
}

/** `engram-trace demo`: the whole circle on this machine. */
export function makeDemoCommand(): Command {
  return new Command('demo')
    .option('--results <dir>', 'folder for the trace, the results and the picture', 'results')
    .option('--duration <time>', 'how long traffic is recorded', parseDuration, 8e9)
    .option('--seed <number>', 'seed of the traffic', '1')
    .action((flags: DemoFlags) =>
      runDemo({
        program: { execPath: process.execPath, entry: fileURLToPath(new URL('./main.js', import.meta.url)) },
        resultsDir: flags.results,
        trafficMs: flags.duration / 1e6,
        seed: Number(flags.seed),
        multipliers: [1, 2],
        nowNs: () => performance.now() * 1e6,
        wallMs: () => Date.now(),
        say: (line) => process.stdout.write(`${line}\n`),
      }),
    );
}

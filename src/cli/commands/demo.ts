import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { EngramTraceError } from '../../error.ts';
import { linesText } from '../../visible-text.ts';
import { withCleanUp } from '../exit/signals.ts';
import { parseCount } from '../flags/flag-parsers.ts';
import { parseDuration } from '../flags/parse-duration.ts';
import { tellOnStdout } from '../people/people.ts';

interface DemoFlags {
  results: string;
  duration: number;
  seed: number;
}

/** `engram-trace demo`: the whole circle on this machine. */
export function makeDemoCommand(): Command {
  return new Command('demo')
    .option('--results <dir>', 'folder for the trace, the results and the picture', 'results')
    .addOption(
      new Option('--duration <duration>', 'how long traffic is recorded')
        .argParser(parseTrafficTime)
        .default(8e9, '8s'),
    )
    .option('--seed <number>', 'of the traffic', parseCount, 1)
    .action(demo);
}

async function demo(flags: DemoFlags): Promise<void> {
  const { requireZstd } = await import('../../trace/frames/zstd.ts');
  requireZstd();
  const { createLauncher } = await import('../../demo/child-command.ts');
  const { runDemo } = await import('../../demo/demo.ts');
  const entry = fileURLToPath(new URL('../main.js', import.meta.url));
  const launcher = createLauncher({ execPath: process.execPath, entry });
  const work = () =>
    runDemo({
      launcher,
      resultsDir: flags.results,
      trafficMs: flags.duration / 1e6,
      seed: flags.seed,
      multipliers: [1, 2],
      nowNs: () => performance.now() * 1e6,
      wallMs: () => Date.now(),
      say: (line) => tellOnStdout(linesText([line])),
    });
  await withCleanUp(() => launcher.stopAll(), work);
}

function parseTrafficTime(text: string): number {
  const ns = parseDuration(text);
  if (ns >= 1e9) return ns;
  throw new EngramTraceError('usage', `'${text}' is too short for a demo`, {
    hint: 'give it a second or more',
  });
}

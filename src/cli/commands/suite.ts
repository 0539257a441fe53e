import { Command } from 'commander';
import { type SuiteFlags, withSuiteFlags } from '../flags/suite-flags.ts';
import { type PreloadFlags, withPreloadFlags } from './run-scenario.ts';

/** `engram-trace suite`: runs one after the other, with one table and one document. */
export function makeSuiteCommand(): Command {
  return withPreloadFlags(withSuiteFlags(new Command('suite')))
    .argument('[suite]', 'a TOML file, or a shipped suite by its name (default: scalability)')
    .action(async (named: string | undefined, flags: SuiteFlags & PreloadFlags, command: Command) => {
      const { runSuite } = await import('./run-suite.ts');
      await runSuite(named, flags, command);
    });
}

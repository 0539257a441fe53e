import { Command } from 'commander';
import { type CapacityFlags, withCapacityFlags } from '../flags/capacity-flags.ts';
import { type PreloadFlags, withPreloadFlags } from './run-scenario.ts';

/** `engram-trace capacity`: the highest load at which every limit holds. */
export function makeCapacityCommand(): Command {
  return withPreloadFlags(withCapacityFlags(new Command('capacity'))).action(
    async (flags: CapacityFlags & PreloadFlags, command: Command) => {
      const { runCapacity } = await import('./run-capacity.ts');
      await runCapacity(flags, command);
    },
  );
}

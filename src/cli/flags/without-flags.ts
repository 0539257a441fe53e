import type { Command } from 'commander';

/** Takes flags, and the arguments, off a command that is built like another one. */
export function withoutFlags(command: Command, names: ReadonlySet<string>): Command {
  const kept = command.options.filter(({ long }) => !names.has(long ?? ''));
  (command.options as unknown[]).splice(0, command.options.length, ...kept);
  (command.registeredArguments as unknown[]).length = 0;
  return command;
}

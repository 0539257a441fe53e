import type { EventEmitter } from 'node:events';
import type { Command, Option } from 'commander';

/** Takes flags, and the arguments, off a command that is built like another one. */
export function withoutFlags(command: Command, names: ReadonlySet<string>): Command {
  // Their parsers would be asked too, and tell what is wrong without the name of the flag.
  const isTaken = ({ long }: Option): boolean => names.has(long ?? '');
  const emitter = command as unknown as EventEmitter;
  for (const option of command.options.filter(isTaken)) emitter.removeAllListeners(`option:${option.name()}`);
  const kept = command.options.filter((option) => !isTaken(option));
  (command.options as unknown[]).splice(0, command.options.length, ...kept);
  (command.registeredArguments as unknown[]).length = 0;
  return command;
}

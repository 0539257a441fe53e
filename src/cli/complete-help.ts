import type { Command, Option } from 'commander';
import { examplesText } from './examples.ts';

/** Placeholders of values with a unit, and what a bare number of them is. */
const UNITS: Readonly<Record<string, string>> = {
  time: 'seconds, or as 500ms, 10m, 1h',
  duration: 'seconds, or as 500ms, 10m, 1h',
  size: 'bytes, or as 64MiB, 1GB',
};
const SAYS_UNIT = /ISO 8601|\(s\)|\(bytes\)|as --\w+|\bseconds\b/;

/** Adds to a command's help what every command owes: the unit of each value, its default, and examples. */
export function completeHelp(command: Command): Command {
  for (const option of command.options) {
    option.description = [option.description, unitOf(option), defaultOf(option)].filter(Boolean).join(' ');
  }
  return command.addHelpText('after', () => examplesText(command.name()));
}

function unitOf({ flags, description }: Option): string {
  const unit = UNITS[/[<[](\w+)[>\]]/.exec(flags)?.[1] ?? ''];
  return unit === undefined || SAYS_UNIT.test(description) ? '' : `(${unit})`;
}

/** Commander shows those it knows. */
function defaultOf({ required, optional, mandatory, defaultValue, description }: Option): string {
  if (!required && !optional) return '';
  return mandatory || defaultValue !== undefined || /default/.test(description) ? '' : '(default: none)';
}

import type { Command, Option } from 'commander';
import { EngramTraceError } from '../../error.ts';
import type { ConfigValues } from './config-file.ts';

const NOT_SETTABLE = new Set(['help', 'config']);

/** Names of the flags of a command that variables and the configuration file may set, without dashes. */
export function settableFlags(command: Command): string[] {
  return settableOptions(command).map(flagName);
}

/** `--rate-multiplier` is `ENGRAM_TRACE_RATE_MULTIPLIER`. */
export function variableOf(flag: string): string {
  return `ENGRAM_TRACE_${flag.replaceAll('-', '_').toUpperCase()}`;
}

/**
 * Sets what the command line leaves open: from the variable, else from the configuration file. `given` tells whether
 * the command line has the option. Values run through the flag's own parser, so they mean the same everywhere.
 */
export function applySettings(
  command: Command,
  given: (attribute: string) => boolean,
  env: NodeJS.ProcessEnv,
  config: ConfigValues,
): void {
  for (const option of settableOptions(command)) {
    if (given(option.attributeName())) continue;
    const variable = variableOf(flagName(option));
    const fromEnv = env[variable];
    const fromConfig = config.get(flagName(option));
    if (fromEnv !== undefined && fromEnv !== '') {
      setFromText(command, option, fromEnv, variable);
    } else if (fromConfig !== undefined) {
      setFromConfig(command, option, fromConfig.value, fromConfig.where);
    }
  }
}

/** Of a pair `--x`, `--no-x` only the first; a lone `--no-x` is the switch `x`. */
function settableOptions(command: Command): Option[] {
  const byName = new Map<string, Option>();
  for (const option of command.options) {
    const name = flagName(option);
    if (!NOT_SETTABLE.has(name) && !(option.negate && byName.has(name))) byName.set(name, option);
  }
  return [...byName.values()];
}

function isSwitch(option: Option): boolean {
  return !option.required && !option.optional;
}

function flagName(option: Option): string {
  const long = option.long?.replace(/^--/, '') ?? option.name();
  return option.negate ? long.replace(/^no-/, '') : long;
}

/** A repeatable flag takes one value per line. */
function setFromText(command: Command, option: Option, text: string, where: string): void {
  if (isSwitch(option)) set(command, option, toSwitch(text, where), 'env');
  else setValues(command, option, text.split('\n'), where, 'env');
}

function setFromConfig(command: Command, option: Option, value: unknown, where: string): void {
  if (!isSwitch(option)) {
    setValues(command, option, (Array.isArray(value) ? value : [value]).map(String), where, 'config');
  } else if (typeof value === 'boolean') {
    set(command, option, value, 'config');
  } else {
    throw new EngramTraceError('usage', 'must be true or false', { where });
  }
}

function setValues(command: Command, option: Option, texts: string[], where: string, source: string): void {
  let value: unknown = command.getOptionValue(option.attributeName());
  for (const text of texts) value = parsed(option, text, value, where);
  set(command, option, value, source);
}

function parsed(option: Option, text: string, previous: unknown, where: string): unknown {
  if (option.parseArg === undefined) {
    if (!option.variadic) return text;
    return Array.isArray(previous) && previous !== option.defaultValue ? [...previous, text] : [text];
  }
  try {
    return option.parseArg(text, previous);
  } catch (thrown) {
    const error = EngramTraceError.from(thrown, 'usage');
    throw new EngramTraceError('usage', error.message, { where, hint: error.hint, cause: thrown });
  }
}

function toSwitch(text: string, where: string): boolean {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw new EngramTraceError('usage', `'${text}' is neither true nor false`, { where });
}

/** A switch set to false is as if it were not given; of `--no-x` and of a pair, false is what turns it off. */
function set(command: Command, option: Option, value: unknown, source: string): void {
  if (value === false && isSwitch(option) && !canBeOff(command, option)) return;
  command.setOptionValueWithSource(option.attributeName(), value, source);
}

function canBeOff(command: Command, option: Option): boolean {
  return command.options.some((other) => other.negate && flagName(other) === flagName(option));
}

import { Command, CommanderError } from 'commander';
import { EngramTraceError } from '../error.ts';
import { didYouMean } from '../nearest.ts';
import { COMMANDS, type CommandEntry } from './command-table.ts';
import { completeHelp } from './complete-help.ts';
import { EXIT, type ExitCode } from './exit/exit-code.ts';
import { printError } from './exit/print-error.ts';
import { printText } from './output/stdout.ts';
import type { ConfigValues } from './settings/config-file.ts';
import { flagMeantBy } from './settings/flag-meaning.ts';

/** Runs `engram-trace <args>`; returns the exit code of an error, undefined where the command has set its own. */
export async function runCommand(args: readonly string[]): Promise<ExitCode | undefined> {
  let command: Command | undefined;
  const help: string[] = [];
  try {
    const entry = findEntry(args[0] ?? '');
    const rest = args.slice(1);
    command = await buildCommand(entry, (text) => void help.push(text));
    await applyDefaults(command, entry, rest);
    await command.parent?.parseAsync([entry.name, ...rest], { from: 'user' });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return printError(thrown);
    return thrown.exitCode === 0 ? printHelp(help.join('')) : printError(usageError(thrown, command));
  }
}

async function printHelp(text: string): Promise<ExitCode> {
  try {
    await printText(text);
    return EXIT.ok;
  } catch (thrown) {
    return printError(thrown);
  }
}

function findEntry(name: string): CommandEntry {
  const entry = COMMANDS.find((command) => command.name === name);
  if (entry !== undefined) return entry;
  const kind = name.startsWith('-') ? 'flag' : 'command';
  const known = kind === 'flag' ? ['--help', '--version'] : COMMANDS.map((command) => command.name);
  throw new EngramTraceError('usage', `unknown ${kind} '${name}'`, {
    hint: didYouMean(name, known, 'engram-trace --help lists the commands'),
  });
}

/** The command, ready to parse: errors are thrown, `--config` and `--quiet` exist, parsers name their flag. */
export async function buildCommand(
  entry: CommandEntry,
  writeOut = (_: string): void => {},
): Promise<Command> {
  const program = new Command('engram-trace')
    .exitOverride()
    .configureOutput({ writeOut, outputError: () => {} });
  const command = (await entry.load()).name(entry.name);
  if (command.description() === '') command.description(entry.summary);
  const has = (flag: string) => command.options.some((option) => option.long === flag);
  if (!has('--quiet')) command.option('--quiet', 'no progress and no summary on stderr');
  if (!has('--config')) command.option('--config <file>', 'TOML file with values for flags');
  command
    .copyInheritedSettings(program)
    .showSuggestionAfterError(false)
    .helpOption('-h, --help', 'show this help');
  for (const option of command.options) {
    const parse = option.parseArg;
    if (parse !== undefined) option.parseArg = naming(option.long ?? option.flags, parse);
    // settings.ts reads the variables: commander would take FLAG=0 for a switch turned on.
    delete option.envVar;
  }
  program.addCommand(command);
  return completeHelp(command);
}

type ParseArg = <T>(value: string, previous: T) => T;

/** Errors of a flag's parser tell which flag it was. */
function naming(flag: string, parse: ParseArg): ParseArg {
  return (value, previous) => {
    try {
      return parse(value, previous);
    } catch (thrown) {
      if (!(thrown instanceof EngramTraceError)) throw thrown;
      const { message, where = flag, hint } = thrown;
      throw new EngramTraceError('usage', message, { where, hint, cause: thrown });
    }
  };
}

/** Variables and the configuration file fill in what a trial parse finds missing on the command line. */
async function applyDefaults(command: Command, entry: CommandEntry, args: readonly string[]): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) return;
  const trial = await buildCommand(entry);
  const [unknown] = trial.parseOptions([...args]).unknown;
  if (unknown !== undefined) throw unknownFlag(unknown, command);
  const file = trial.getOptionValue('config') ?? process.env['ENGRAM_TRACE_CONFIG'];
  const { applySettings, settableFlags } = await import('./settings/settings.ts');
  await warnOfMisspelt(settableFlags(command));
  const given = (attribute: string) => trial.getOptionValueSource(attribute) === 'cli';
  const flags = settableFlags(command);
  applySettings(
    command,
    given,
    process.env,
    file ? await configOf(String(file), entry.name, flags) : new Map(),
  );
}

/** A variable of another command's flag is not misspelt; who they are is looked up only where one is not of this one. */
async function warnOfMisspelt(flags: readonly string[]): Promise<void> {
  const { misspeltText, unknownVariables } = await import('./settings/misspelt-variables.ts');
  const { settableFlags, variableOf } = await import('./settings/settings.ts');
  const ofCommand = flags.map(variableOf);
  if (unknownVariables(process.env, ofCommand).length === 0) return;
  const commands = await Promise.all(COMMANDS.map((entry) => buildCommand(entry)));
  const ofAny = [...new Set(commands.flatMap(settableFlags))].map(variableOf);
  const { printWarning } = await import('./output/warnings.ts');
  for (const name of unknownVariables(process.env, ofAny)) printWarning(misspeltText(name, ofCommand, ofAny));
}

async function configOf(file: string, command: string, flags: readonly string[]): Promise<ConfigValues> {
  const { readConfig } = await import('./settings/config-file.ts');
  return readConfig(
    file,
    command,
    flags,
    COMMANDS.map(({ name }) => name),
  );
}

/** Says in this program's words what commander complains about. */
function usageError(error: CommanderError, command: Command | undefined): EngramTraceError {
  const message = (error.message.split('\n')[0] ?? '')
    .replace(/^error: /, '')
    .replaceAll(/\boption\b/g, 'flag');
  return new EngramTraceError('usage', message + strayArgument(error, command), {
    hint: helpHint(command),
    cause: error,
  });
}

/** Commander counts what is too much; which one it is, often a flag without its dashes, it does not say. */
function strayArgument({ code }: CommanderError, command: Command | undefined): string {
  const stray = command?.args[command.registeredArguments.length];
  return code === 'commander.excessArguments' && stray !== undefined
    ? ` The first too many is '${stray}'.`
    : '';
}

function unknownFlag(flag: string, command: Command): EngramTraceError {
  const flags = command.options.map((option) => option.long ?? option.flags);
  const hint = flagMeantBy(flag, command) ?? didYouMean(flag, flags, helpHint(command));
  return new EngramTraceError('usage', `unknown flag '${flag}'`, { hint });
}

function helpHint(command: Command | undefined): string {
  return `engram-trace ${command?.name() ?? ''} --help lists the flags`;
}

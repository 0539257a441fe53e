import { helpText } from './command-table.ts';
import { EXIT } from './exit/exit-code.ts';
import { leaveWhenDone } from './exit/leave.ts';
import { holdSignals, ignoreSignals } from './exit/signals.ts';
import { tell } from './people/people.ts';

// Help and version need no module beyond these: they answer in the time Node takes to start.

/** Runs the program; `takeEarly` gives the signal that came while it was loaded, and minds none from then on. */
export async function start(takeEarly: () => NodeJS.Signals | undefined): Promise<void> {
  const early = takeEarly();
  ignoreSignals();
  if (['replay', 'run', 'suite', 'capacity'].includes(process.argv[2] ?? '')) holdSignals(early);
  tellWhatNodeSays();
  await main(process.argv.slice(2));
  await leaveWhenDone();
}

async function main(args: string[]): Promise<void> {
  const [first, second] = args;
  if (first === undefined) {
    tell(helpText());
    process.exitCode = EXIT.usage;
  } else if (first === '--help' || first === '-h' || (first === 'help' && second === undefined)) {
    await print(helpText());
  } else if (first === '--version' || first === '-V') {
    const { VERSION } = await import('../version.ts');
    await print(`${VERSION}\n`);
  } else {
    const { runCommand } = await import('./run-command.ts');
    const wanted = first === 'help' && second !== undefined ? [second, '--help'] : args;
    const code = await runCommand(wanted);
    if (code !== undefined) process.exitCode = code;
  }
}

async function print(text: string): Promise<void> {
  const { printText } = await import('./output/stdout.ts');
  try {
    await printText(text);
  } catch (thrown) {
    const { printError } = await import('./exit/print-error.ts');
    process.exitCode = printError(thrown);
  }
}

/** Node's own warnings, and its last words, would be written by a call that waits for a terminal or a disk. */
function tellWhatNodeSays(): void {
  if (process.listenerCount('warning') > 0) {
    process.removeAllListeners('warning');
    process.on('warning', ({ name, message }) =>
      tell(`engram-trace: ${name}: ${message.replaceAll('\n', ' ')}\n`),
    );
  }
  process.on('uncaughtException', (thrown) => void endBy(thrown));
}

async function endBy(thrown: unknown): Promise<void> {
  const { printError } = await import('./exit/print-error.ts');
  process.exitCode = printError(thrown);
  await leaveWhenDone();
  process.exit();
}

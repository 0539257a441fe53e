#!/usr/bin/env node
import { helpText } from './command-table.ts';
import { EXIT } from './exit-code.ts';

// Help and version need no module beyond these: they answer in the time Node takes to start.
await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  endQuietlyWithoutReader();
  const [first, second] = args;
  if (first === undefined) {
    process.stderr.write(helpText());
    process.exitCode = EXIT.usage;
  } else if (first === '--help' || first === '-h' || (first === 'help' && second === undefined)) {
    process.stdout.write(helpText());
  } else if (first === '--version' || first === '-V') {
    const { VERSION } = await import('../version.ts');
    process.stdout.write(`${VERSION}\n`);
  } else {
    const { runCommand } = await import('./run-command.ts');
    const wanted = first === 'help' && second !== undefined ? [second, '--help'] : args;
    const code = await runCommand(wanted);
    if (code !== undefined) process.exitCode = code;
  }
}

/** `… | head` closes our stdout: that is an end, not an error. */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.ok);
    process.stderr.write(`engram-trace: stdout: ${error.message}\n`);
    process.exit(EXIT.failed);
  });
}

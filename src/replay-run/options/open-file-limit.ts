import { readFileSync } from 'node:fs';

/** How many files and sockets this process may have open; undefined where the system does not tell. */
export function openFileLimit(limits: () => string = readLimits): number | undefined {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(textOf(limits))?.[1];
  return soft === undefined || soft === 'unlimited' ? undefined : Number(soft);
}

/** The soft limit, which Node raises to the hard one when it starts, so this is what counts. */
function readLimits(): string {
  return readFileSync('/proc/self/limits', 'utf8');
}

function textOf(limits: () => string): string {
  try {
    return limits();
  } catch {
    return ''; // not a Linux
  }
}

import { isInstalled } from './run-child.ts';

/** A constant rate, and how long. */
export interface PacedWork {
  url: string;
  ratePerSec: number;
  seconds: number;
  connections: number;
}

/** Commands that are to send at a constant rate; hey and h2load take it for each connection. wrk has no rate. */
const TOOLS: Readonly<Record<string, (work: PacedWork) => string[]>> = {
  hey: ({ url, ratePerSec, seconds, connections }) => [
    ...['hey', '-z', `${seconds}s`, '-c', `${connections}`, '-q', `${ratePerSec / connections}`, url],
  ],
  autocannon: ({ url, ratePerSec, seconds, connections }) => [
    ...['autocannon', '-d', `${seconds}`, '-c', `${connections}`, '-R', `${ratePerSec}`, url],
  ],
  bombardier: ({ url, ratePerSec, seconds, connections }) => [
    ...['bombardier', '-d', `${seconds}s`, '-c', `${connections}`, '-r', `${ratePerSec}`, url],
  ],
  // Its latency counts from the due time with this alone; when requests leave is the same.
  oha: ({ url, ratePerSec, seconds, connections }) => [
    ...['oha', '--no-tui', '--latency-correction', '-z', `${seconds}s`, '-c', `${connections}`],
    ...['-q', `${ratePerSec}`, url],
  ],
  vegeta: ({ url, ratePerSec, seconds, connections }) => [
    ...['sh', '-c', 'echo "GET $0" | vegeta attack "$@" -output=/dev/null', url],
    ...[`-rate=${ratePerSec}/s`, `-duration=${seconds}s`, `-workers=${connections}`],
    ...[`-connections=${connections}`],
  ],
  h2load: ({ url, ratePerSec, seconds, connections }) => [
    ...['h2load', '--h1', '-D', `${seconds}`, '-c', `${connections}`],
    ...['--rps', `${ratePerSec / connections}`, url],
  ],
};

/** Tools by name: the command for some work. */
export type PacedTools = ReadonlyMap<string, (work: PacedWork) => string[]>;

/** The tools that are installed; says which are not. */
export function pacedTools(): PacedTools {
  const entries = Object.entries(TOOLS);
  for (const [name] of entries) if (!isInstalled(name)) console.log(`${name}: not installed, left out`);
  return new Map(entries.filter(([name]) => isInstalled(name)));
}

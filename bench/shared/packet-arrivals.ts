import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { median } from '../support.ts';
import { withCleanUp } from './clean-up.ts';
import { TARGET_CORE } from './nginx-target.ts';
import { outputOf, pinned } from './run-child.ts';

/** The kernel hands packets over in blocks; the last one comes late. */
const LAST_BLOCK_MS = 1500;

/** Watches requests reach a port of the loopback while `action` runs: when each did, in seconds. Needs tcpdump. */
export async function packetArrivals(
  port: number,
  file: string,
  action: () => Promise<void>,
): Promise<number[]> {
  // Packets that push data and are longer than their headers.
  const requests = `dst port ${port} and tcp[13] & 8 != 0 and greater 80`;
  const command = ['tcpdump', '-i', 'lo', '-w', file, '-s', '80', '-B', '65536', requests];
  const [program = '', ...args] = pinned(command, TARGET_CORE);
  const dump = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(dump, 'close');
  await withCleanUp(
    async () => {
      dump.kill('SIGINT');
      await ended;
    },
    async () => {
      await listening(dump);
      await action();
      await new Promise((resolve) => setTimeout(resolve, LAST_BLOCK_MS));
    },
  );
  // Printing while packets come would cost the CPU that is measured.
  const printed = await outputOf(['tcpdump', '-r', file, '-tt', '-n', '-q']);
  return printed
    .split('\n')
    .filter(Boolean)
    .map((line) => Number.parseFloat(line));
}

async function listening(dump: ChildProcess): Promise<void> {
  const said: string[] = [];
  for await (const line of createInterface({ input: dump.stderr as NodeJS.ReadableStream })) {
    if (line.includes('listening')) return;
    said.push(line);
  }
  throw new Error(`tcpdump does not listen: ${said.join(' ')}`);
}

/** How far arrivals are from where they should be, in us. */
export interface ArrivalErrors {
  count: number;
  p50: number;
  p99: number;
  max: number;
  /** The same of what was due after the first second; NaN where nothing was. */
  laterP99: number;
  laterMax: number;
}

/** The k-th arrival against the k-th due time (both rising, in seconds), each counted from the median difference. */
export function arrivalErrors(timesS: readonly number[], duesS: readonly number[]): ArrivalErrors {
  const count = Math.min(timesS.length, duesS.length);
  const offsets = timesS.slice(0, count).map((time, k) => (time - (duesS[k] as number)) * 1e6);
  const middle = median(offsets);
  const errors = offsets.map((offset) => Math.abs(offset - middle));
  const first = duesS.findIndex((due) => due >= 1);
  const all = percentiles(errors);
  const later = percentiles(first < 0 ? [] : errors.slice(first));
  return { count: timesS.length, ...all, laterP99: later.p99, laterMax: later.max };
}

function percentiles(values: readonly number[]): { p50: number; p99: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

import { secondsOf, type Tool, urlOf, type Work } from '../tool.ts';
import { numberIn } from './number-in.ts';

/** Requests wrk sends in a second at the least, to turn a number of requests into a time: it knows no number. */
const LEAST_PER_SEC = 30_000;

/** wrk: C, no rate and no number of requests. */
export const wrk: Tool = {
  name: 'wrk',
  program: 'wrk',
  versionArgs: ['--version'],
  sends: 'one request again and again; for a time, not a number',
  command: (work) => {
    if (work.kind === 'grpc' || work.pace.kind === 'rate') return undefined;
    return ['wrk', ...flagsOf(work, secondsOf(work.pace, LEAST_PER_SEC))];
  },
  read: readWrk,
};

/** wrk2: wrk with a constant rate. Its binary is often called wrk too; it is looked for as wrk2. */
export const wrk2: Tool = {
  name: 'wrk2',
  program: 'wrk2',
  versionArgs: ['--version'],
  sends: 'one request again and again, at a rate only',
  command: (work) => {
    if (work.kind === 'grpc' || work.pace.kind !== 'rate') return undefined;
    return ['wrk2', '-R', `${work.pace.perSec}`, ...flagsOf(work, work.pace.seconds)];
  },
  read: readWrk,
};

function flagsOf(work: Work, seconds: number): string[] {
  const script = work.plan.body === '' ? [] : ['-s', `${work.plan.body}.lua`];
  return ['-t', '1', '-c', `${work.connections}`, '-d', `${seconds}s`, ...script, urlOf(work)];
}

function readWrk(output: string): ReturnType<Tool['read']> {
  const [, all = '', time = '', unit = ''] = /(\d+) requests in ([\d.]+)(ms|s|m)/.exec(output) ?? [];
  if (all === '') return undefined;
  const failed = numberIn(output, /Non-2xx or 3xx responses: (\d+)/) ?? 0;
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output) ?? [];
  const seconds = Number(time) * ({ ms: 0.001, m: 60 }[unit] ?? 1);
  const lost = errors.slice(1).reduce((sum, text) => sum + Number(text), 0);
  return { answered: Number(all) - failed, failed: failed + lost, seconds };
}

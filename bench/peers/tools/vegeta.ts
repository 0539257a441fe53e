import { secondsOf, type Tool, type Work } from '../tool.ts';

interface Report {
  requests: number;
  /** Of sending, in ns; `wait` is for the last answer. */
  duration: number;
  wait: number;
  /** Code 0: no answer, for one of the `errors`. */
  status_codes: Readonly<Record<string, number>>;
  errors: readonly string[] | null;
}

/** The file is at its end: each worker counts this as a request that failed. */
const AT_THE_END = 'no targets to attack';

/** What it sends in a second at the least. */
const LEAST_PER_SEC = 20_000;

const COMMON = {
  program: 'vegeta',
  versionArgs: ['--version'],
  report: ({ plan }: Work) => ['vegeta', 'report', '-type=json', plan.scratch],
  read: readVegeta,
};

/** vegeta: Go. */
export const vegeta: Tool = {
  ...COMMON,
  name: 'vegeta',
  sends: 'one request again and again; as fast as it goes: for a time, not a number',
  command: (work) => {
    if (work.kind === 'grpc') return undefined;
    const { pace, plan } = work;
    const seconds = secondsOf(pace, LEAST_PER_SEC);
    const how =
      pace.kind === 'rate'
        ? ['-rate', `${pace.perSec}/1s`]
        : ['-rate', '0', '-max-workers', `${work.connections}`];
    const files = ['-targets', plan.target, '-output', plan.scratch];
    return ['vegeta', 'attack', ...how, '-duration', `${seconds}s`, ...files];
  },
};

/** vegeta as it reads one request after another from a file, as a trace is read. */
export const vegetaLazy: Tool = {
  ...COMMON,
  name: 'vegeta -lazy',
  sends: 'the same requests, from a file of JSON',
  command: (work) => {
    if (work.kind === 'grpc' || work.pace.kind === 'rate') return undefined;
    const how = ['-lazy', '-format', 'json', '-rate', '0', '-max-workers', `${work.connections}`];
    return ['vegeta', 'attack', ...how, '-targets', work.plan.targets, '-output', work.plan.scratch];
  },
};

function readVegeta(output: string): ReturnType<Tool['read']> {
  const { requests, duration, wait, status_codes, errors } = JSON.parse(output) as Report;
  const fine = Object.entries(status_codes).filter(([status]) => status.startsWith('2'));
  const answered = fine.reduce((sum, [, count]) => sum + count, 0);
  const isEndAlone = errors?.length === 1 && errors[0] === AT_THE_END;
  const ended = isEndAlone ? (status_codes['0'] ?? 0) : 0;
  return { answered, failed: requests - answered - ended, seconds: (duration + wait) / 1e9 };
}

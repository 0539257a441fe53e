import { type Tool, urlOf, type Work } from '../tool.ts';
import { readSummary } from './read-summary.ts';

/** oha: Rust; counts latency from the due time if asked to, which costs it nothing here. */
export const oha: Tool = {
  name: 'oha',
  program: 'oha',
  versionArgs: ['--version'],
  sends: 'one request again and again',
  command: (work) => {
    if (work.kind === 'grpc') return undefined;
    const body = work.plan.body === '' ? [] : ['-m', 'POST', '-D', work.plan.body];
    return ['oha', '--no-tui', '-c', `${work.connections}`, ...paceOf(work), ...body, urlOf(work)];
  },
  read: readSummary,
};

function paceOf({ pace }: Work): string[] {
  switch (pace.kind) {
    case 'count':
      return ['-n', `${pace.count}`];
    case 'seconds':
      return ['-z', `${pace.seconds}s`];
    case 'rate':
      return ['-z', `${pace.seconds}s`, '-q', `${pace.perSec}`, '--latency-correction'];
  }
}

import { type Tool, urlOf, type Work } from '../tool.ts';
import { readSummary } from './read-summary.ts';

/** hey: Go; a rate for each of its workers. */
export const hey: Tool = {
  name: 'hey',
  program: 'hey',
  versionArgs: [],
  sends: 'one request again and again',
  command: (work) => {
    if (work.kind === 'grpc') return undefined;
    const body = work.plan.body === '' ? [] : ['-m', 'POST', '-D', work.plan.body];
    return ['hey', '-c', `${work.connections}`, '-cpus', '1', ...paceOf(work), ...body, urlOf(work)];
  },
  read: readSummary,
};

function paceOf({ pace, connections }: Work): string[] {
  switch (pace.kind) {
    case 'count':
      return ['-n', `${pace.count}`];
    case 'seconds':
      return ['-z', `${pace.seconds}s`];
    case 'rate':
      return ['-z', `${pace.seconds}s`, '-q', `${pace.perSec / connections}`];
  }
}

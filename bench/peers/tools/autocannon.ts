import { type Tool, urlOf, type Work } from '../tool.ts';

interface Output {
  '2xx': number;
  non2xx: number;
  errors: number;
  duration: number;
}

/** autocannon: JavaScript on Node, as we are. */
export const autocannon: Tool = {
  name: 'autocannon',
  program: 'autocannon',
  versionArgs: ['--version'],
  sends: 'one request again and again',
  command: (work) => {
    if (work.kind === 'grpc') return undefined;
    const body = work.plan.body === '' ? [] : ['-m', 'POST', '-i', work.plan.body];
    return ['autocannon', '-j', '-n', '-c', `${work.connections}`, ...paceOf(work), ...body, urlOf(work)];
  },
  read: (output) => {
    const found = JSON.parse(output) as Output;
    return { answered: found['2xx'], failed: found.non2xx + found.errors, seconds: found.duration };
  },
};

function paceOf({ pace }: Work): string[] {
  switch (pace.kind) {
    case 'count':
      return ['-a', `${pace.count}`];
    case 'seconds':
      return ['-d', `${pace.seconds}`];
    case 'rate':
      return ['-d', `${pace.seconds}`, '-R', `${pace.perSec}`];
  }
}

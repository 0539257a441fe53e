import { type Tool, urlOf, type Work } from '../tool.ts';

interface Output {
  result: { timeTakenSeconds: number; req2xx: number } & Record<
    'req1xx' | 'req3xx' | 'req4xx' | 'req5xx' | 'others',
    number
  >;
}

/** bombardier: Go with fasthttp. */
export const bombardier: Tool = {
  name: 'bombardier',
  program: 'bombardier',
  versionArgs: ['--version'],
  sends: 'one request again and again',
  command: (work) => {
    if (work.kind === 'grpc') return undefined;
    const body = work.plan.body === '' ? [] : ['-m', 'POST', '-f', work.plan.body];
    const output = ['-p', 'r', '-o', 'json'];
    return ['bombardier', '-c', `${work.connections}`, ...output, ...paceOf(work), ...body, urlOf(work)];
  },
  read: (output) => {
    const { result } = JSON.parse(output) as Output;
    const failed = result.req1xx + result.req3xx + result.req4xx + result.req5xx + result.others;
    return { answered: result.req2xx, failed, seconds: result.timeTakenSeconds };
  },
};

function paceOf({ pace }: Work): string[] {
  switch (pace.kind) {
    case 'count':
      return ['-n', `${pace.count}`];
    case 'seconds':
      return ['-d', `${pace.seconds}s`];
    case 'rate':
      return ['-d', `${pace.seconds}s`, '-r', `${pace.perSec}`];
  }
}

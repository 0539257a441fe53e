import { GRPC_CONNECTIONS, type Tool, urlOf, type Work } from '../tool.ts';
import { numberIn } from './number-in.ts';

const GRPC_HEADERS = ['te: trailers', 'content-type: application/grpc', 'user-agent: bench'];

/** h2load: C, HTTP/1.1 and HTTP/2; a rate for each connection. */
export const h2load: Tool = {
  name: 'h2load',
  program: 'h2load',
  versionArgs: ['--version'],
  sends: 'one request again and again',
  command: (work) => ['h2load', ...connectionsOf(work), ...paceOf(work), ...bodyOf(work), urlOf(work)],
  read: (output) => {
    const answered = numberIn(output, /(\d+) succeeded/);
    const [, time = '', unit = ''] = /finished in ([\d.]+)(us|ms|s|m)/.exec(output) ?? [];
    if (answered === undefined || time === '') return undefined;
    // What had no answer, or came too late, is among them.
    const failed = numberIn(output, /(\d+) failed/) ?? 0;
    return { answered, failed, seconds: Number(time) * ({ us: 1e-6, ms: 0.001, m: 60 }[unit] ?? 1) };
  },
};

function connectionsOf({ kind, connections }: Work): string[] {
  if (kind !== 'grpc') return ['--h1', '-c', `${connections}`];
  return ['-c', `${GRPC_CONNECTIONS}`, '-m', `${connections / GRPC_CONNECTIONS}`];
}

function paceOf({ pace, connections }: Work): string[] {
  switch (pace.kind) {
    case 'count':
      return ['-n', `${pace.count}`];
    case 'seconds':
      return ['-D', `${pace.seconds}`];
    case 'rate':
      return ['-D', `${pace.seconds}`, '--rps', `${pace.perSec / connections}`];
  }
}

function bodyOf({ kind, plan }: Work): string[] {
  const headers = kind === 'grpc' ? GRPC_HEADERS.flatMap((header) => ['-H', header]) : [];
  return plan.body === '' ? headers : [...headers, '-d', plan.body];
}

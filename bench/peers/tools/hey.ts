import { type Tool, urlOf, type Work } from '../tool.ts';
import { numberIn } from './number-in.ts';

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
  read: (output) => {
    const seconds = numberIn(output, /Total:\s+([\d.]+) secs/);
    if (seconds === undefined) return undefined;
    let answered = 0;
    let failed = 0;
    for (const [, status = '', count] of output.matchAll(/\[(\d{3})\]\s+(\d+) responses/g)) {
      if (status.startsWith('2')) answered += Number(count);
      else failed += Number(count);
    }
    const [, errors = ''] = /Error distribution:\n(.*)$/s.exec(output) ?? [];
    for (const [, count] of errors.matchAll(/^\s*\[(\d+)\]/gm)) failed += Number(count);
    return { answered, failed, seconds };
  },
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

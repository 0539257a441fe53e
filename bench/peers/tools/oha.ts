import { type Tool, urlOf, type Work } from '../tool.ts';

interface Output {
  summary: { total: number };
  statusCodeDistribution: Readonly<Record<string, number>>;
  errorDistribution: Readonly<Record<string, number>>;
}

/** What oha drops because its time is over is no failure. */
const AT_THE_END = 'aborted due to deadline';

/** oha: Rust; counts latency from the due time if asked to, which costs it nothing here. */
export const oha: Tool = {
  name: 'oha',
  program: 'oha',
  versionArgs: ['--version'],
  sends: 'one request again and again',
  command: (work) => {
    if (work.kind === 'grpc') return undefined;
    const body = work.plan.body === '' ? [] : ['-m', 'POST', '-D', work.plan.body];
    const output = ['--no-tui', '--output-format', 'json'];
    return ['oha', '-c', `${work.connections}`, ...output, ...paceOf(work), ...body, urlOf(work)];
  },
  read: (output) => {
    const { summary, statusCodeDistribution, errorDistribution } = JSON.parse(output) as Output;
    let answered = 0;
    let failed = 0;
    for (const [status, count] of Object.entries(statusCodeDistribution)) {
      if (status.startsWith('2')) answered += count;
      else failed += count;
    }
    for (const [error, count] of Object.entries(errorDistribution)) if (error !== AT_THE_END) failed += count;
    return { answered, failed, seconds: summary.total };
  },
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

import { fileURLToPath } from 'node:url';
import { GRPC_CONNECTIONS, type Tool, type Work } from '../tool.ts';
import { numberIn } from './number-in.ts';

const PROTO = fileURLToPath(new URL('../../../../proto/', import.meta.url));

/** ghz: Go with grpc-go. */
export const ghz: Tool = {
  name: 'ghz',
  program: 'ghz',
  versionArgs: ['--version'],
  sends: 'one call again and again; gRPC only',
  command: (work) => {
    if (work.kind !== 'grpc') return undefined;
    const call = work.plan.path.slice(1).replace('/', '.');
    const what = ['--proto', `${PROTO}engram/v1/service.proto`, '--import-paths', PROTO, '--call', call];
    const flight = ['-c', `${work.connections}`, '--connections', `${GRPC_CONNECTIONS}`];
    const target = `127.0.0.1:${work.port}`;
    return ['ghz', '--insecure', ...what, ...flight, ...paceOf(work), '-B', work.plan.message, target];
  },
  read: (output) => {
    const all = numberIn(output, /Count:\s+(\d+)/);
    const [, time = '', unit = ''] = /Total:\s+([\d.]+) (ns|us|µs|ms|s)/.exec(output) ?? [];
    if (all === undefined || time === '') return undefined;
    const answered = numberIn(output, /\[OK\]\s+(\d+) responses/) ?? 0;
    const scale = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 0.001 }[unit] ?? 1;
    return { answered, failed: all - answered, seconds: Number(time) * scale };
  },
};

function paceOf({ pace }: Work): string[] {
  switch (pace.kind) {
    case 'count':
      return ['-n', `${pace.count}`];
    case 'seconds':
      return ['-z', `${pace.seconds}s`, '--duration-stop', 'wait'];
    case 'rate':
      return ['-r', `${pace.perSec}`, '-n', `${pace.perSec * pace.seconds}`];
  }
}

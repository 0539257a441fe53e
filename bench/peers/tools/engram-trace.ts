import type { ResultsDocument } from '../../../src/results/document/results-document.ts';
import { PROGRAM } from '../../shared/replay-child.ts';
import { GRPC_CONNECTIONS, type Tool, type Work } from '../tool.ts';

/** This checkout: the whole `replay`, trace file in, results and verdict out. */
export const engramTrace: Tool = {
  name: 'engram-trace',
  program: process.execPath,
  versionArgs: [PROGRAM, '--version'],
  sends: 'the trace, with its times',
  command: (work) => [
    ...[process.execPath, PROGRAM, 'replay', '--quiet', '--trace', work.plan.trace, '--senders', '1'],
    ...targetOf(work),
    ...paceOf(work),
  ],
  read: (output) => {
    const { operations, summary } = JSON.parse(output) as ResultsDocument;
    return {
      answered: operations.successful,
      failed: operations.failed,
      seconds: summary.duration_secs ?? Number.NaN,
    };
  },
};

function targetOf({ kind, port, connections }: Work): string[] {
  if (kind !== 'grpc') {
    return ['--endpoint', `http://127.0.0.1:${port}`, '--connections', `${connections}`];
  }
  return ['--grpc-endpoint', `127.0.0.1:${port}`, '--connections', `${GRPC_CONNECTIONS}`];
}

/** As fast as it goes, each of as many sessions as there are connections waits for its answer, as a load tool does. */
function paceOf({ pace, plan, connections }: Work): string[] {
  if (pace.kind === 'rate') return ['--order', 'open'];
  const limit = pace.kind === 'count' ? pace.count : plan.count;
  return ['--timing', 'asap', '--max-in-flight', `${connections}`, '--limit', `${limit}`];
}

import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import type { NginxTarget } from './nginx-target.ts';
import { processFigures } from './process-figures.ts';
import { runChild } from './run-child.ts';

/** The command line program that was compiled beside the benches. */
export const PROGRAM = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

const LOOK_EVERY_MS = 100;
/** Fine, and invalid: both come with a document. */
const WITH_DOCUMENT = [0, 98];

export interface ReplayRun {
  document: ResultsDocument;
  peakMb: number;
}

/** The flags that name both protocols of the target. */
export function endpointFlags({ http, grpc }: NginxTarget): string[] {
  return ['--endpoint', `http://127.0.0.1:${http}`, '--grpc-endpoint', `127.0.0.1:${grpc}`];
}

/** Runs `replay`, or `run`, with these flags in a process of its own. Rejects with what it said where there is no document. */
export async function runReplayChild(
  flags: readonly string[],
  {
    cores,
    onStart,
    command = 'replay',
    program = PROGRAM,
  }: {
    cores: string;
    onStart?: (child: ChildProcess) => void;
    command?: 'replay' | 'run';
    /** The same of another checkout. */
    program?: string;
  },
): Promise<ReplayRun> {
  let peakMb = 0;
  let timer: NodeJS.Timeout | undefined;
  const { status, stdout, stderr } = await runChild(
    [process.execPath, program, command, '--quiet', ...flags],
    {
      cores,
      onStart: (child) => {
        onStart?.(child);
        timer = setInterval(() => {
          peakMb = Math.max(peakMb, processFigures(child.pid ?? 0).peakMb);
        }, LOOK_EVERY_MS);
      },
    },
  ).finally(() => clearInterval(timer));
  if (!WITH_DOCUMENT.includes(status ?? -1)) {
    throw new Error(`${command} ${flags.join(' ')} ended with ${status}: ${stderr}`);
  }
  return { document: JSON.parse(stdout) as ResultsDocument, peakMb };
}

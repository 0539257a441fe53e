import { exitCodeOfSignal } from './exit-code.ts';

/**
 * Runs `work`; on SIGINT or SIGTERM runs `cleanUp` (which removes what is half written) and ends the process with the
 * signal's exit code. A second signal ends it at once.
 */
export async function withCleanUp<T>(cleanUp: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  let interrupted = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (interrupted) process.exit(exitCodeOfSignal(signal));
    interrupted = true;
    process.stderr.write(`engram-trace: ${signal === 'SIGTERM' ? 'terminated' : 'interrupted'}\n`);
    void cleanUp().finally(() => process.exit(exitCodeOfSignal(signal)));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await work();
  } catch (error) {
    if (interrupted) return await new Promise<never>(() => {});
    await cleanUp();
    throw error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Resolves with the first SIGINT or SIGTERM; a second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let seen = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (seen) process.exit(exitCodeOfSignal(signal));
      seen = true;
      resolve(signal);
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
}

import type { Precision } from '../replay/replay-options.ts';
import type { RunDeps } from '../replay-run/options/run-options.ts';
import { VERSION } from '../version.ts';
import { openFileLimit } from './open-file-limit.ts';
import { HEALTH_SOURCES, hostSection } from './replay-host.ts';

/** What a run takes from this process: the real clocks, the machine, and a way to warn. */
export async function runDepsOf(precision: Precision, warn: (text: string) => void): Promise<RunDeps> {
  const { createRealClock } = await import('../replay/clock/real-clock.ts');
  return {
    clock: createRealClock({ precision }),
    nowMs: () => Date.now(),
    tool: { name: 'engram-trace', version: VERSION },
    host: hostSection(),
    health: HEALTH_SOURCES,
    openFileLimit: openFileLimit(),
    warn,
  };
}

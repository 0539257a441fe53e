import { createRealClock } from '../replay/clock/real-clock.ts';
import type { Precision } from '../replay/replay-options.ts';
import { startReplayLog } from '../replay-log/start-replay-log.ts';
import { openFileLimit } from '../replay-run/options/open-file-limit.ts';
import type { RunDeps } from '../replay-run/options/run-options.ts';
import { hostSection } from '../results/document/host-section.ts';
import { HEALTH_SOURCES } from '../results/health/health-sources.ts';
import { VERSION } from '../version.ts';
import { wallClockMs } from '../wall-clock.ts';
import { optionWords } from './in-option-words.ts';

/** What may be given of this process in place of the real thing, and the file of the replay log. */
export interface RunDepsOptions extends Partial<RunDeps> {
  /** File to write planned, sent and done of every operation to; `verifyReplay` reads it. */
  replayLog?: string | undefined;
  /** Replace files that exist. */
  force?: boolean | undefined;
  precision?: Precision | undefined;
}

/** What a run takes from this process where nothing is given: the real clocks, the machine, and a way to warn. */
export function runDepsOf({
  replayLog,
  force,
  precision,
  clock = createRealClock({ precision }),
  nowMs = wallClockMs,
  tool = { name: 'engram-trace', version: VERSION },
  host = hostSection(),
  health = HEALTH_SOURCES,
  openReplayLog = replayLog === undefined ? undefined : openLogAt(replayLog, force),
  warn = (text) => process.emitWarning(optionWords(text), 'EngramTraceWarning'),
  ...given
}: RunDepsOptions): RunDeps {
  const limits = { openFileLimit: openFileLimit(), ...given };
  return { ...limits, clock, nowMs, tool, host, health, openReplayLog, warn };
}

function openLogAt(path: string, force: boolean | undefined): RunDeps['openReplayLog'] {
  return (header) => startReplayLog({ path, force, header });
}

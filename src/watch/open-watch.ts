import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { EngramTraceError } from '../error.ts';
import type { Watch, WatchRun } from '../replay-run/options/watch-load.ts';
import { ResourcesOf, type RunTime } from './resources-of.ts';
import type { FromWatch, WatchedTarget, WatchWork } from './watch-messages.ts';
import { labelOf, type WatchTarget } from './watch-target.ts';
import type { WatchFailure } from './watcher.ts';

/** Pages get two seconds, and the last readings one. */
const END_MS = 10_000;

/** Watches what is named in a thread of its own; undefined where nothing is. */
export function watchTargets(targets: readonly WatchTarget[]): Watch | undefined {
  return targets.length === 0 ? undefined : { open: (warn) => openThread(targets, warn) };
}

async function openThread(targets: readonly WatchTarget[], warn: (text: string) => void): Promise<WatchRun> {
  const thread = startThread({ targets, cpus: availableParallelism() });
  const failed = await Promise.race([thread.ready, thread.ended]);
  if (typeof failed === 'string') throw new EngramTraceError('internal', `watching did not begin: ${failed}`);
  for (const [i, target] of targets.entries()) {
    const failure = (failed as readonly (WatchFailure | undefined)[])[i];
    if (failure === undefined) continue;
    if (target.kind !== 'process' || !failure.isGone) {
      warn(
        `${labelOf(target)} can't be read: ${failure.why}; the run goes on, and it is asked again each second`,
      );
      continue;
    }
    await thread.close();
    throw new EngramTraceError('usage', `there is no process ${target.pid} to watch`, {
      hint: '--watch-pid takes the number of a process of this machine that is running (pgrep NAME)',
    });
  }
  thread.unref();
  return {
    end: async (run) => {
      const watched = await thread.end();
      return typeof watched === 'string' ? watched : told(targets, watched, run, warn);
    },
    close: thread.close,
  };
}

function told(
  targets: readonly WatchTarget[],
  watched: readonly WatchedTarget[],
  run: RunTime,
  warn: (text: string) => void,
): ResourcesOf {
  for (const [i, { readings, missed, lastError, goneAtNs, leftOut }] of watched.entries()) {
    const target = labelOf(targets[i] as WatchTarget);
    if (goneAtNs !== undefined) {
      const secs = Math.max(0, (goneAtNs - run.startNs) / 1e9).toFixed(0);
      warn(
        `${target}, which was watched: ${lastError}, ${secs} s after the start; nothing is known of it from then on`,
      );
    } else if (missed > 0)
      warn(
        `${target} was read ${readings} times and ${missed} times not${lastError === undefined ? '' : `: ${lastError}`}`,
      );
    if (leftOut > 0)
      warn(`${target} has ${leftOut} series or more that were not kept; --scrape-metric chooses by name`);
  }
  return new ResourcesOf(targets, watched, run);
}

interface Thread {
  readonly ready: Promise<readonly (WatchFailure | undefined)[]>;
  /** Resolves with words where the thread ends or is silent. */
  readonly ended: Promise<readonly WatchedTarget[] | string>;
  end(): Promise<readonly WatchedTarget[] | string>;
  /** A run that fails before its end must not wait for this one. */
  unref(): void;
  close(): Promise<void>;
}

function startThread(work: WatchWork): Thread {
  const worker = new Worker(new URL('./watch-worker.js', import.meta.url), {
    name: 'watch',
    workerData: work,
  });
  const ready = new Promise<readonly (WatchFailure | undefined)[]>((resolve) => {
    worker.on('message', (message: FromWatch) => {
      if (message.kind === 'ready') resolve(message.failed);
    });
  });
  let died = 'its thread ended early';
  const ended = new Promise<readonly WatchedTarget[] | string>((resolve) => {
    worker
      .on('message', (message: FromWatch) => {
        if (message.kind === 'ended') resolve(message.watched);
      })
      .on('error', (error: Error) => {
        died = error.message;
      })
      .on('exit', () => resolve(died));
  });
  return {
    ready,
    ended,
    end: () => {
      worker.ref();
      worker.postMessage('end');
      return inTime(ended);
    },
    unref: () => worker.unref(),
    close: async () => void (await worker.terminate()),
  };
}

async function inTime<T>(ended: Promise<T>): Promise<T | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('its thread does not answer'), END_MS);
  });
  const end = await Promise.race([ended, late]);
  clearTimeout(timer);
  return end;
}

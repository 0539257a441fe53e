import { Worker } from 'node:worker_threads';
import { EngramTraceError } from '../error.ts';
import type { ChaosLoad, ChaosRun } from '../replay-run/options/chaos-load.ts';
import type { ChaosSection } from '../results/document/chaos-section.ts';
import { CHAOS_KINDS } from '../workload/scenario/chaos-spec.ts';
import type { Scenario } from '../workload/scenario/scenario.ts';
import type { ChaosWork, FromChaos, ToChaos } from './chaos-messages.ts';
import { type ChaosPlan, chaosPlanned } from './chaos-plan.ts';

/** What `[chaos]` of a scenario says, for a run; undefined where it says nothing. It is done by a thread of its own. */
export function scenarioChaos(scenario: Scenario, seed: number): ChaosLoad | undefined {
  const { chaos: spec, durationNs } = scenario;
  if (spec === undefined) return undefined;
  const plan: ChaosPlan = { spec, seed, durationNs };
  const rates = CHAOS_KINDS.map((kind) => [`chaos_${kind}_per_sec`, spec.ratesPerSec[kind]] as const);
  return {
    shown: {
      ...Object.fromEntries(rates),
      chaos_hold_secs: spec.holdNs / 1e9,
      chaos_max_connections: spec.mostConnections,
    },
    mostConnections: spec.mostConnections,
    planned: (shard) => chaosPlanned(plan, shard),
    open: (targets, shard) => openThread({ plan, scenario, targets, shard }),
  };
}

/** The thread has only to destroy its sockets: one that takes longer hangs. */
const END_MS = 5000;

async function openThread(work: ChaosWork): Promise<ChaosRun> {
  const worker = new Worker(new URL('./chaos-worker.js', import.meta.url), {
    name: 'chaos',
    workerData: work,
  });
  const post = (message: ToChaos): void => worker.postMessage(message);
  let died = 'its thread ended early';
  let isReady = (): void => {};
  let hasEnded = (_: ChaosSection | string): void => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const ended = new Promise<ChaosSection | string>((resolve) => {
    hasEnded = resolve;
  });
  worker
    .on('message', (message: FromChaos) => {
      if (message.kind === 'ready') isReady();
      else hasEnded(message.section);
    })
    .on('error', (error: Error) => {
      died = error.message;
    })
    .on('exit', () => hasEnded(died));
  const dead = await Promise.race([ready, ended]);
  if (typeof dead === 'string') throw new EngramTraceError('internal', `chaos did not begin: ${dead}`);
  // A run that fails before its end must not wait for this one.
  worker.unref();
  return {
    start: () => post('start'),
    end: () => {
      worker.ref();
      post('end');
      return inTime(ended);
    },
    close: async () => void (await worker.terminate()),
  };
}

async function inTime(ended: Promise<ChaosSection | string>): Promise<ChaosSection | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('its thread does not answer'), END_MS);
  });
  const end = await Promise.race([ended, late]);
  clearTimeout(timer);
  return end;
}

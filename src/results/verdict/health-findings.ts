import type { GeneratorHealth } from '../health/generator-health.ts';
import { FIDELITY_LIMITS as LIMITS } from './fidelity-limits.ts';
import { aboveLimit, type Finding, finding } from './verdict.ts';

const MS = 1e6;

/**
 * Finds what the state of the generator takes from the verdict; `spanNs` is the length of the run. Event-loop delay and
 * CPU time are known wherever this program runs, and without them nothing is vouched for. The rest is judged where the
 * system tells it; where it does not, the document says null.
 */
export function healthFindings(health: GeneratorHealth, spanNs: number): Finding[] {
  return [...processFindings(health, spanNs), ...machineFindings(health), ...missingFindings(health)];
}

function processFindings({ eventLoopDelay, gc }: GeneratorHealth, spanNs: number): Finding[] {
  const gcShare = gc !== undefined && spanNs > 0 ? gc.totalNs / spanNs : undefined;
  return [
    ...aboveLimit(
      eventLoopDelay?.p99Ns,
      LIMITS.eventLoopDelayP99Ns,
      'event_loop_delay_p99',
      'ms of event-loop delay, 99th percentile',
      MS,
    ),
    ...aboveLimit(
      eventLoopDelay?.maxNs,
      LIMITS.eventLoopDelayMaxNs,
      'event_loop_stall',
      'ms the event loop stood still at worst',
      MS,
    ),
    ...aboveLimit(gc?.maxNs, LIMITS.gcMaxNs, 'gc_pause', 'ms of the longest garbage collection', MS),
    ...aboveLimit(gcShare, LIMITS.gcShare, 'gc_share', 'share of the time spent collecting garbage'),
  ];
}

function machineFindings(health: GeneratorHealth): Finding[] {
  const { stealShare, pressureShare, throttling, clockStepNs } = health;
  return [
    ...aboveLimit(stealShare, LIMITS.stealShare, 'steal', 'share of CPU time taken by the hypervisor'),
    ...aboveLimit(
      pressureShare,
      LIMITS.pressureShare,
      'cpu_pressure',
      'share of the time in which something on this machine waited for a CPU',
    ),
    ...aboveLimit(
      throttling?.share,
      LIMITS.throttledShare,
      'cpu_throttled',
      'share of the time this process was stopped by its CPU quota',
    ),
    ...aboveLimit(
      clockStepNs,
      LIMITS.clockStepNs,
      'clock_stepped',
      'ms by which the wall clock jumped: it was set, or the machine slept',
      MS,
    ),
  ];
}

function missingFindings({ eventLoopDelay, cpu }: GeneratorHealth): Finding[] {
  const missing = Object.entries({ event_loop_delay: eventLoopDelay, cpu })
    .filter(([, value]) => value === undefined)
    .map(([name]) => name);
  if (missing.length === 0) return [];
  const message = "parts of the generator's health are not known here";
  return [finding('degraded', 'health_unknown', message, missing.join(', '))];
}

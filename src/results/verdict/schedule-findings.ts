import type { DistributionDistance } from '../arrivals/distance.ts';
import type { ResultsRecorder } from '../tally/results-recorder.ts';
import { FIDELITY_LIMITS as LIMITS } from './fidelity-limits.ts';
import { aboveLimit, type Finding, finding } from './verdict.ts';

/** The measures that these findings are made from. */
export interface ScheduleInput {
  recorder: ResultsRecorder;
  /** Resolution of the recorded times, in ns. */
  resolutionNs: number;
}

const MS = 1e6;

/** Finds whether operations left when they were due: who was late, and whether they came as they were planned to. */
export function scheduleFindings(
  input: ScheduleInput,
  distance: DistributionDistance | undefined,
): Finding[] {
  return [...latenessFindings(input), ...arrivalFindings(input, distance)];
}

/** Makes the finding for a plan in which everything was due at once. */
export function noSchedule(): Finding {
  const message = 'operations left as fast as they could: only service times say something of the target';
  return finding('degraded', 'no_schedule', message);
}

function latenessFindings({ recorder }: ScheduleInput): Finding[] {
  const { causes, overall, started } = recorder;
  const lateness = causes.generatorLateness;
  const share = started > 0 ? causes.backPressure.ops / started : undefined;
  return [
    ...aboveLimit(
      lateness.percentileNs(99),
      LIMITS.generatorLatenessP99Ns,
      'generator_late_p99',
      'ms by which the generator itself was late, 99th percentile',
      MS,
    ),
    ...aboveLimit(
      lateness.percentileNs(50),
      LIMITS.generatorLatenessP50Ns,
      'generator_late_p50',
      'ms by which the generator itself was late, median',
      MS,
    ),
    ...aboveLimit(
      overall.gateWait.percentileNs(99),
      LIMITS.gateWaitP99Ns,
      'gate_wait',
      'ms operations waited for their own session, 99th percentile: the target answers later than recorded',
      MS,
    ),
    ...aboveLimit(
      share,
      LIMITS.backPressureShare,
      'back_pressure',
      'share of operations that waited because too many were in flight, or all connections were busy',
    ),
  ];
}

function arrivalFindings(
  { recorder, resolutionNs }: ScheduleInput,
  distance: DistributionDistance | undefined,
): Finding[] {
  const { planned, sent, drift } = recorder;
  const meanGapNs = planned.gaps.meanNs ?? 0;
  const plannedNs = drift.plannedSpanNs ?? 0;
  const driftNs = sent.spanNs === undefined ? undefined : Math.abs(sent.spanNs - plannedNs);
  const driftLimitNs = Math.max(LIMITS.driftNs.degraded, LIMITS.driftShare.degraded * plannedNs);
  const w1LimitNs = Math.max(LIMITS.w1Ns.degraded, LIMITS.w1Share.degraded * meanGapNs);
  const found = [
    ...aboveLimit(
      driftNs,
      { degraded: driftLimitNs },
      'drift',
      'ms between planned and actual duration of what left',
      MS,
    ),
    ...aboveLimit(
      distance?.w1,
      { degraded: w1LimitNs },
      'gaps',
      'us between planned and sent gaps (Wasserstein)',
      1e3,
    ),
    ...dispersionFindings(recorder),
  ];
  if (sent.count > 0 && distance === undefined) {
    found.push(
      finding('degraded', 'too_few_operations', 'too few operations to compare arrivals', sent.count, 2),
    );
  }
  if (recorder.missingFromPlan > 0) {
    const message = 'operations are missing from the statistics of the plan';
    found.push(finding('degraded', 'plan_statistics', message, recorder.missingFromPlan, 0));
  }
  if (meanGapNs > 0 && resolutionNs > LIMITS.resolutionShare.degraded * meanGapNs) {
    const message = 'ns of resolution in the recorded times: too coarse for gaps this small';
    const limit = Math.round(LIMITS.resolutionShare.degraded * meanGapNs);
    found.push(finding('degraded', 'timestamp_resolution', message, resolutionNs, limit));
  }
  return found;
}

function dispersionFindings({ planned, sent }: ResultsRecorder): Finding[] {
  if (planned.dispersion100Ms === undefined || sent.dispersion100Ms === undefined) return [];
  const difference = Math.abs(sent.dispersion100Ms - planned.dispersion100Ms);
  const limit = Math.max(
    LIMITS.dispersionAbsolute.degraded,
    LIMITS.dispersionShare.degraded * planned.dispersion100Ms,
  );
  const message = 'difference of the index of dispersion at 100 ms, sent against planned';
  return aboveLimit(difference, { degraded: limit }, 'dispersion', message);
}

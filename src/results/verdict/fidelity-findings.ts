import type { ReplayEnd } from '../../replay/engine/replay-end.ts';
import { UNPLAYED } from '../../replay/left-out.ts';
import { hasLoss, type Loss } from '../../trace/record/record.ts';
import type { DistributionDistance } from '../arrivals/distance.ts';
import { finite, scaled } from '../document/percentiles.ts';
import type { GeneratorHealth } from '../health/generator-health.ts';
import type { ResultsRecorder } from '../tally/results-recorder.ts';
import type { CaptureGaps } from './capture-gaps.ts';
import { FIDELITY_LIMITS as LIMITS } from './fidelity-limits.ts';
import { healthFindings } from './health-findings.ts';
import type { ReasonCode } from './remedies.ts';
import { noSchedule, scheduleFindings } from './schedule-findings.ts';
import { failureFindings, statusFindings } from './status-findings.ts';
import { streamFindings } from './stream-findings.ts';
import { aboveLimit, type Finding, finding } from './verdict.ts';

/** The parts of the results that decide the verdict. */
export interface FidelityInput {
  recorder: ResultsRecorder;
  end: ReplayEnd;
  health: GeneratorHealth;
  resolutionNs: number;
  loss: Loss;
  captureGaps: CaptureGaps;
  /** The warnings of the reader of the trace; each sentence tells of something it could not read. */
  traceWarnings: readonly string[];
  /** False with `--timing asap`: everything is due at once, and nothing can be late. */
  hasSchedule: boolean;
  /** False with `--order open`: nobody promised that sessions keep their order. */
  keepsOrder: boolean;
  /** Share of answers of another status class than recorded that is fine (`--expect-mismatch`). */
  expectedMismatch: number;
}

const MS = 1e6;

/** Lists every finding that takes something from the verdict; there is none where the replay did what was planned. */
export function fidelityFindings(
  input: FidelityInput,
  distance: DistributionDistance | undefined,
): Finding[] {
  return [
    // The cause before what came of it.
    ...stopFindings(input),
    ...accountingFindings(input),
    ...planFindings(input),
    ...(input.hasSchedule ? scheduleFindings(input, distance) : [noSchedule()]),
    ...streamFindings(input.recorder),
    ...keepaliveFindings(input.recorder),
    ...statusFindings(input.recorder, input.expectedMismatch),
    ...failureFindings(input),
    ...healthFindings(input.health, input.recorder.sent.spanNs ?? 0),
    ...traceFindings(input),
  ];
}

/** Computes the share of the operations sent that met the end of a kept connection; undefined where none was sent. */
export function keepaliveShare({ keepaliveClosed, started }: ResultsRecorder): number | undefined {
  return started > 0 ? keepaliveClosed / started : undefined;
}

function keepaliveFindings(recorder: ResultsRecorder): Finding[] {
  const message =
    'share of operations that met the end of a kept connection, before a byte of an answer: the keep-alive time of ' +
    'the target is shorter than the recorded pauses';
  return aboveLimit(keepaliveShare(recorder), LIMITS.keepaliveClosedShare, 'keepalive_closed', message);
}

/** Tells whether the engine's sums hold and agree with what the recorder counted on its own. */
export function accountingAgrees({ end, recorder }: Pick<FidelityInput, 'end' | 'recorder'>): boolean {
  const sums = end.accounting;
  const seen = recorder.dispositions;
  const { streams } = recorder;
  return (
    sums.planned === sums.sent + sums.shed + sums.gateTimeout + sums.unsent &&
    sums.sent === sums.ok + sums.errors + sums.cutOff &&
    seen.ok === sums.ok &&
    seen.error === sums.errors &&
    seen.cut_off === sums.cutOff &&
    seen.shed === sums.shed &&
    seen.gate_timeout === sums.gateTimeout &&
    // Operations nobody got round to are not all reported one by one.
    seen.unsent <= sums.unsent &&
    recorder.started <= sums.sent &&
    streams.planned === streams.sent + streams.unsent
  );
}

function accountingFindings(input: FidelityInput): Finding[] {
  const { accounting } = input.end;
  const found: Finding[] = [];
  if (!accountingAgrees(input)) {
    found.push(
      finding('invalid', 'accounting_open', 'the counts of planned and settled operations do not add up'),
    );
  }
  if (accounting.sent === 0) found.push(finding('invalid', 'nothing_sent', 'no operation was sent', 0, 1));
  found.push(...neverLeft(input), ...notPlayed(input));
  found.push(...inversionFindings(input));
  return found;
}

/**
 * Finds what inversions take from the verdict: any one breaks a promise, and where none was given a few say nothing.
 */
function inversionFindings({ recorder, keepsOrder }: FidelityInput): Finding[] {
  const { started, inversions } = recorder;
  if (keepsOrder) {
    if (inversions.count === 0) return [];
    const message = 'operations were sent after one of their session that had to follow them';
    return [finding('invalid', 'inversions', message, inversions.count, 0)];
  }
  const share = started > 0 ? inversions.count / started : undefined;
  const message = 'share of operations that were sent after one of their session that had to follow them';
  return aboveLimit(share, LIMITS.openInversionShare, 'inversions', message);
}

/** Finds operations without a time of sending: nothing shows that they left when they were due, or at all. */
function neverLeft({ end, recorder }: FidelityInput): Finding[] {
  const { sent } = end.accounting;
  const share = sent > 0 ? (sent - recorder.started) / sent : undefined;
  const message =
    'share of operations handed to a transport of which no byte left: when they would have is not known';
  return aboveLimit(share, LIMITS.neverLeftShare, 'never_left', message);
}

/**
 * Finds what giving up takes from the verdict: a run that gave up much of its plan is another run. One that somebody
 * stopped is judged by what it came to.
 */
function notPlayed({ end }: FidelityInput): Finding[] {
  const share = notPlayedShare(end.accounting, end.stop === 'interrupted');
  const message = 'share of the plan that was given up (shed, gate_timeout, unsent)';
  if (!end.planComplete && end.stop === 'behind') {
    return [
      finding(
        'invalid',
        'plan_not_played',
        `${message}: more than could be counted`,
        null,
        LIMITS.notPlayedShare.invalid,
      ),
    ];
  }
  return aboveLimit(share, LIMITS.notPlayedShare, 'plan_not_played', message);
}

/**
 * Computes the share of the plan that was shed, gave up waiting or was not sent; what an interrupt left over does not
 * count.
 */
function notPlayedShare(sums: ReplayEnd['accounting'], isInterrupted: boolean): number | undefined {
  const leftOver = isInterrupted ? sums.unsent : 0;
  const planned = sums.planned - leftOver;
  return planned > 0 ? (sums.shed + sums.gateTimeout + sums.unsent - leftOver) / planned : undefined;
}

function stopFindings({ end }: FidelityInput): Finding[] {
  const found: Finding[] = [];
  if (end.stop === 'source_error') {
    const why = end.sourceError?.message ?? null;
    found.push(finding('invalid', 'source_error', 'the trace could not be read to its end', why));
  }
  if (end.stop === 'sender_died') {
    const why = end.senderError?.message ?? null;
    found.push(
      finding('invalid', 'sender_died', 'a sending thread died and took its operations with it', why),
    );
  }
  if (end.stop === 'interrupted')
    found.push(finding('degraded', 'interrupted', 'stopped before the end of the plan'));
  if (end.stop === 'behind')
    found.push(finding('degraded', 'aborted_behind', 'stopped for being too far behind'));
  return found;
}

function planFindings({ end, recorder }: FidelityInput): Finding[] {
  const { accounting, excluded } = end;
  const found: Finding[] = [];
  const counted: [ReasonCode, number, string][] = [
    ['unsent', accounting.unsent, 'operations of the plan were not sent'],
    ['shed', accounting.shed, 'operations were dropped for being too late'],
    [
      'gate_timeout',
      accounting.gateTimeout,
      'operations waited too long for their session and were given up',
    ],
    ['cut_off', accounting.cutOff, 'operations were still open at the end'],
    ['excluded_incomplete', excluded.incomplete, 'records miss request bytes and were left out'],
    [
      'excluded_unplayable',
      UNPLAYED.reduce((sum, reason) => sum + excluded[reason], 0),
      'records nobody can play as they were (tunnels, upgrades, transfer codings) were left out',
    ],
    ['excluded_dangerous', excluded.dangerous, 'records that would end or cripple the target were left out'],
    ['excluded_no_target', excluded.no_target, 'records had no target for their protocol'],
    [
      'redacted',
      recorder.redacted.operations,
      'operations left without headers, parameters or fields that were redacted in the trace',
    ],
    [
      'unsendable',
      recorder.unsendable.operations,
      'operations left without headers that no message can hold',
    ],
    ['plan_held', end.heldLimitHits, 'times the plan itself had to wait, because too much was held back'],
    ['read_ahead_dry', end.underruns, 'times the trace was not read fast enough'],
  ];
  for (const [code, count, message] of counted) {
    if (count > 0) found.push(finding('degraded', code, message, count, 0));
  }
  if (end.stretchedNs > 0) {
    const message = 'ms by which the plan was stretched (--behind stretch)';
    found.push(finding('degraded', 'stretched', message, Math.round(end.stretchedNs / MS), 0));
  }
  return found;
}

function traceFindings({ loss, captureGaps, traceWarnings }: FidelityInput): Finding[] {
  return [...lossFindings(loss), ...gapFindings(captureGaps), ...incompleteFindings(traceWarnings.length)];
}

function lossFindings(loss: Loss): Finding[] {
  if (!hasLoss({ ...loss, recordsSampledOut: 0 })) return [];
  const { recordsDropped, recordsLate, recordsDamaged, bodiesTruncated } = loss;
  const { connectionsUnfollowed, segmentsIncomplete } = loss;
  const records = recordsDropped + recordsLate + recordsDamaged + bodiesTruncated;
  const count = records + connectionsUnfollowed + segmentsIncomplete;
  return [finding('degraded', 'capture_loss', 'records are missing from the trace, or not whole', count, 0)];
}

/**
 * Finds what gaps of the recording take from the verdict: the traffic of that time may be missing as a whole, and no
 * count of losses knows.
 */
function gapFindings({ count, share, totalNs }: CaptureGaps): Finding[] {
  if (count === 0) return [];
  const message =
    share === undefined
      ? 'seconds for which nothing was being recorded'
      : 'share of the window of the trace for which nothing was being recorded';
  // As `capture_loss` has them: whoever checks the document has no more places than that.
  const observed = finite(share) ?? scaled(totalNs, 1e9);
  return [finding('degraded', 'capture_gaps', message, observed, 0)];
}

/** Finds parts of the trace that were cut off, which are in no count of losses: nobody knows how much it was. */
function incompleteFindings(warnings: number): Finding[] {
  if (warnings === 0) return [];
  const message = 'warnings that the trace is not whole or was not all read (plan.trace.warnings)';
  return [finding('degraded', 'trace_incomplete', message, warnings, 0)];
}

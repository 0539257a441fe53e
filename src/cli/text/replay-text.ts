import { countText } from '../../inspect/number-text.ts';
import type { RunProgress } from '../../replay-run/options/run-options.ts';
import type { Reason } from '../../results/document/fidelity-section.ts';
import { isMade } from '../../results/document/is-made.ts';
import type { LatencySection, Percentiles } from '../../results/document/latency-section.ts';
import type { ResultsDocument } from '../../results/document/results-document.ts';
import { type LoadKind, remedyFor } from '../../results/verdict/remedies.ts';
import { linesText } from '../../visible-text.ts';
import { chaosLines } from './chaos-text.ts';
import { checkLines } from './checks-text.ts';
import { endlessLines } from './endless-text.ts';
import { headerCountsLines } from './header-counts-text.ts';
import { more } from './more.ts';
import { opTableLines, provenPercentile } from './op-table-text.ts';
import { resourceLines } from './resources-text.ts';
import { targetLines } from './targets-text.ts';

const REASONS_SHOWN = 8;
const ERRORS_SHOWN = 5;
const CHANGES_SHOWN = 5;

/** So many characters of what a server said are shown. */
const MOST_SHOWN = 120;

/** Writes the progress line: how far the replay is, how much is in flight, and how late it is. */
export function progressText({ live, planned }: RunProgress, elapsedS: number, ratePerSec: number): string {
  const { sent, errors, inFlight, responseP99Ns, latenessP99Ns } = live();
  const total = planned();
  const of = total === undefined ? '' : `/${total}`;
  return [
    `${elapsedS.toFixed(0)} s`,
    `sent ${sent}${of}`,
    `${ratePerSec.toFixed(0)}/s`,
    `in flight ${inFlight}`,
    `errors ${errors}`,
    `p99 ${msText(responseP99Ns)}`,
    `late p99 ${msText(latenessP99Ns)}`,
  ].join('  ');
}

/** What the progress line says while spaces are made, which may take a minute each. */
export function preparingText(spaces: readonly string[]): string {
  return linesText([
    `engram-trace: preparing ${spaces.length} ${spaces.length === 1 ? 'space' : 'spaces'}, one after another`,
  ]);
}

/** Writes the results of a run, for people. */
export function summaryText(document: ResultsDocument): string {
  const {
    summary,
    operations,
    latency,
    service_latency: service,
    send_error_us: sendError,
    fidelity,
  } = document;
  const { accounting } = fidelity;
  const lines = [
    `sent ${accounting.sent} of ${accounting.planned} operations in ${numberText(summary.duration_secs, ' s')}` +
      ` (${numberText(summary.throughput_ops_sec, '/s')} ok), ${operations.failed} failed`,
    `response p50 ${ms(latency.overall, 'p50')}  p99 ${ms(latency.overall, 'p99')}` +
      `  max ${numberText(latency.overall.max, ' ms')}   service p99 ${ms(service.overall, 'p99')}` +
      `   send error p99 ${usText(provenPercentile(sendError, 'p99'))}`,
    ...indented(opTableLines(document)),
    ...preparedText(document.prepare),
    ...streamsText(document.streams),
    ...endlessLines(document.endless_answers),
    ...cacheLines(document.cache),
    ...targetLines(document),
    ...headerCountsLines(document),
    ...chaosLines(document.chaos),
    ...resourceLines(document.resources),
    ...notSentText(accounting),
    // What was made and not recorded has no answers to be held against.
    ...(isMade(document.plan)
      ? []
      : [...sameText(document.answers.overall), ...answersText(document.status_classes)]),
    ...document.errors.slice(0, ERRORS_SHOWN).map(errorText),
    ...more(document.errors.length - ERRORS_SHOWN, 'kinds of error'),
    `fidelity: ${fidelity.verdict}`,
    ...fidelity.reasons.slice(0, REASONS_SHOWN).flatMap((reason) => reasonLines(reason, document)),
    ...more(fidelity.reasons.length - REASONS_SHOWN, 'reasons'),
    ...checkLines(document),
  ];
  return linesText(lines);
}

function cacheLines({ hits, misses, hit_rate_percent: percent }: ResultsDocument['cache']): string[] {
  if (hits === null || misses === null) return [];
  return [
    `cache: ${countText(hits)} hits, ${countText(misses)} misses, hit rate ${numberText(percent, ' %')}`,
  ];
}

function preparedText(prepare: ResultsDocument['prepare']): string[] {
  if (prepare === null) return [];
  const { spaces, made, existed, secs } = prepare;
  return [
    `prepared ${spaces} spaces before: ${made} made, ${existed} there already, ${numberText(secs, ' s')}`,
  ];
}

function streamsText(streams: ResultsDocument['streams']): string[] {
  if (streams === null) return [];
  const { messages_sent: sent, messages_planned: planned } = streams;
  const us = (section: LatencySection, share: 'p50' | 'p99') =>
    usText(provenPercentile(section.overall, share));
  const { message_lateness_us: late, received_gap_us: received, recorded_gap_us: recorded } = streams;
  return [
    `messages of streams: sent ${sent} of ${planned}, late p99 ${us(late, 'p99')}  max ${usText(late.overall.max)}` +
      `   received gap p50 ${us(received, 'p50')} (recorded ${us(recorded, 'p50')})`,
  ];
}

/** Says how many answers were the recorded ones, where that is known of any. */
function sameText({ same, other, unknown }: ResultsDocument['answers']['overall']): string[] {
  if (same + other === 0) return [];
  const rest = unknown === 0 ? '' : `, ${unknown} not known`;
  return [`answers: ${same} the same as recorded to the byte, ${other} others${rest}`];
}

type StatusClasses = ResultsDocument['status_classes'];

/** Says how many answers were of another status class than recorded, or that nobody knows. */
function answersText({ overall, recorded_unknown: unknown, ops, changes }: StatusClasses): string[] {
  const { compared, mismatches, mismatch_rate: rate } = overall;
  const lines: string[] = [];
  if (unknown > compared) {
    const some = `${unknown} of ${unknown + compared} operations`;
    lines.push(`answers: the recording has no status of ${some}; whether they are as recorded is not known`);
  }
  if (mismatches === 0) return lines;
  const share = numberText((rate ?? 0) * 100, ' %');
  return [
    ...lines,
    `answers: ${mismatches} of ${compared} of another status class than recorded (${share})`,
    ...changes.slice(0, CHANGES_SHOWN).map((change) => changeText(change, ops)),
    ...more(changes.length - CHANGES_SHOWN, 'such changes'),
  ];
}

function changeText(
  { op, recorded, replayed, count }: StatusClasses['changes'][number],
  ops: StatusClasses['ops'],
): string {
  const answered = replayed === 'none' ? 'got no answer' : `answered ${replayed}`;
  return `  ${op}: ${count} of ${ops[op]?.compared ?? count} ${answered} where the recording has ${recorded}`;
}

function notSentText(accounting: ResultsDocument['fidelity']['accounting']): string[] {
  const { shed, gate_timeout, unsent } = accounting;
  if (shed + gate_timeout + unsent === 0) return [];
  return [`not sent: ${shed} shed, ${gate_timeout} waited too long for their session, ${unsent} not reached`];
}

/** The whole of it is in the document; a page of HTML would hide the rest of the summary. */
function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN)}…` : line;
}

function errorText(group: ResultsDocument['errors'][number]): string {
  const { code, op, count, as_recorded, first_record, example } = group;
  const known = as_recorded === 0 ? '' : ` (${as_recorded === count ? 'all' : as_recorded} as recorded)`;
  const where = first_record === null ? '' : `; first: ${first_record.command}`;
  const said = example === '' ? '' : `: ${shortened(example)}`;
  return `  ${count} x ${code} ${op}${known}${said}${where}`;
}

/** What was played. */
function loadOf({ plan, closed_loop }: ResultsDocument): LoadKind {
  if (!isMade(plan)) return 'recording';
  if (closed_loop) return 'clients';
  return plan.trace.dialect === 'memobuild' ? 'cache' : 'scenario';
}

/** A reason, and what helps against it. */
function reasonLines({ code, message, observed, limit }: Reason, document: ResultsDocument): string[] {
  const short = (value: number | string): string | number =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value;
  const numbers =
    observed === null ? '' : ` (${short(observed)}${limit === null ? '' : `, limit ${short(limit)}`})`;
  const remedy = remedyFor(code, document.status_classes.changes, loadOf(document));
  return [`  ${code}: ${message}${numbers}`, ...(remedy === undefined ? [] : [`    what helps: ${remedy}`])];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function msText(ns: number | undefined): string {
  return ns === undefined ? '-' : `${(ns / 1e6).toFixed(1)} ms`;
}

function ms(of: Percentiles, share: 'p50' | 'p99'): string {
  return numberText(provenPercentile(of, share), ' ms');
}

/** Writes microseconds as ms. */
function usText(us: number | null): string {
  return numberText(us === null ? null : us / 1000, ' ms');
}

function numberText(value: number | null, unit: string): string {
  return value === null ? '-' : `${Number(value.toPrecision(4))}${unit}`;
}

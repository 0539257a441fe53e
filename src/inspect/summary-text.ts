import { linesText } from '../visible-text.ts';
import { busiestLines } from './busiest-text.ts';
import { countText, durationText, numberText, sizeText } from './number-text.ts';
import { textTable } from './text-table.ts';
import type { OpSummary, SpanSummary, TraceSummary } from './trace-summary.ts';

const MOST_ROWS = 40;
const MOST_NAMES = 4;
const UNREAD =
  'note: these are the numbers of the index; no block was read, so damage in blocks does not show (cat --skip-damaged reads them all)';

/** The summary as text for people; times in UTC. `skipDamaged`: damage was asked about, so say if none was looked for. */
export function traceSummaryText(
  summary: TraceSummary,
  { skipDamaged = false }: { skipDamaged?: boolean | undefined } = {},
): string {
  const unread = skipDamaged && summary.counted_from === 'index' ? [UNREAD] : [];
  const sections = [
    overview(summary),
    opSection(summary),
    spaceSection(summary),
    busiestLines(summary),
    [...shortfall(summary), ...unread],
  ];
  const lines = sections.filter((section) => section.length > 0).flatMap((section) => ['', ...section]);
  return linesText(lines.slice(1));
}

function overview(summary: TraceSummary): string[] {
  const { origin, inter_arrival_us: gaps, burstiness: bursts } = summary;
  const rows: [string, string | undefined][] = [
    ['trace', `${summary.name} (${kindOf(summary)})`],
    ['window', summary.window === null ? undefined : spanText(summary.window)],
    ['records from', summary.recorded === null ? undefined : spanText(summary.recorded)],
    ['records', `${countText(summary.records)}${rateText(summary.rate_per_s)}, ${protocolText(summary)}`],
    ['sessions', `${summary.sessions_exact ? '' : '~'}${countText(summary.sessions)}`],
    ['size', sizeLine(summary)],
    ['arrivals', gaps === null ? undefined : arrivalText(gaps)],
    ['bursts', bursts === null ? undefined : burstText(bursts)],
    [
      'from',
      [origin.source, origin.tool && `by ${origin.tool}`, origin.run_id && `run ${origin.run_id}`]
        .filter(Boolean)
        .join(' '),
    ],
    ['addressed to', origin.authorities.join(', ') || undefined],
    ['dialect', origin.dialect],
    [
      'clock',
      origin.resolution_ns > 1 ? `resolution ${durationText(origin.resolution_ns / 1e9)}` : undefined,
    ],
    ['redacted', redactedText(origin.redacted) || undefined],
  ];
  return labelled(rows);
}

function labelled(rows: readonly [string, string | undefined][]): string[] {
  const shown = rows.filter((row): row is [string, string] => row[1] !== undefined && row[1] !== '');
  const width = Math.max(...shown.map(([label]) => label.length));
  return shown.map(([label, text]) => `${label.padEnd(width)}  ${text}`);
}

function kindOf(summary: TraceSummary): string {
  if (summary.format === 'op log') return 'op log, read from the indexes of its segments';
  const how = summary.counted_from === 'index' ? 'read from the index' : 'no index: counted from the records';
  return `${summary.format}, ${how}`;
}

function spanText(span: SpanSummary): string {
  return `${shortTime(span.start)} to ${shortTime(span.end)} (${durationText(span.duration_s)})`;
}

/** Cut to ms; the JSON has the ns. */
function shortTime(iso: string): string {
  return iso.replace(/(\.\d{3})\d+Z$/, '$1Z');
}

function rateText(ratePerSec: number | null): string {
  return ratePerSec === null ? '' : ` (${numberText(ratePerSec)} per s)`;
}

function protocolText({ protocols }: TraceSummary): string {
  const { http, grpc, grpc_streams: streams } = protocols;
  const unary = `${countText(http)} HTTP, ${countText(grpc)} gRPC`;
  return streams === 0 ? unary : `${unary} of which ${countText(streams)} streams`;
}

/** `header:cookie` and its like by kind, a few of each. */
function redactedText(redacted: readonly string[]): string {
  const kinds = new Map<string, string[]>();
  for (const text of redacted) {
    const [kind = '', ...name] = text.split(':');
    kinds.set(kind, [...(kinds.get(kind) ?? []), name.join(':')]);
  }
  return [...kinds].map(([kind, names]) => `${kind} ${someOf(names)}`).join('; ');
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}

function sizeLine(summary: TraceSummary): string {
  const raw = `${sizeText(summary.raw_bytes)} raw`;
  if (summary.size_bytes === null) return raw;
  const blocks = summary.blocks === null ? '' : ` in ${countText(summary.blocks)} blocks`;
  return `${sizeText(summary.size_bytes)}, ${raw}${blocks}`;
}

function arrivalText(gaps: NonNullable<TraceSummary['inter_arrival_us']>): string {
  const at = (us: number) => durationText(us / 1e6);
  const about = gaps.exact ? '' : '~';
  return `mean ${at(gaps.mean)} apart, p50 ${about}${at(gaps.p50)}, p99 ${about}${at(gaps.p99)}, max ${about}${at(gaps.max)}, CV ${about}${numberText(gaps.cv)}`;
}

function burstText(bursts: NonNullable<TraceSummary['burstiness']>): string {
  const step = durationText(bursts.step_s);
  return `dispersion ${numberText(bursts.dispersion_10ms)} at 10 ms, ${numberText(bursts.dispersion_100ms)} at 100 ms; peak ${numberText(bursts.peak_per_s)} per s (${numberText(bursts.peak_over_mean)}x the mean, in ${step})`;
}

function opSection(summary: TraceSummary): string[] {
  const right = (title: string) => ({ title, align: 'right' as const });
  const columns = [
    { title: 'op' },
    ...[
      'count',
      'per s',
      'failed',
      'cancelled',
      'mean request',
      'mean response',
      'mean ms',
      'p50',
      'p90',
      'p99',
      'max',
    ].map(right),
  ];
  return capped(textTable(columns, summary.ops.slice(0, MOST_ROWS).map(opRow)), summary.ops.length, 'ops');
}

function opRow(op: OpSummary): string[] {
  const latency = op.latency_ms;
  return [
    op.op || '(none)',
    countText(op.count),
    numberText(op.rate_per_s),
    countText(op.failed),
    countText(op.cancelled),
    `${sizeText(op.request_bytes / op.count)}`,
    `${sizeText(op.response_bytes / op.count)}`,
    ...(['mean', 'p50', 'p90', 'p99', 'max'] as const).map((key) => numberText(latency?.[key])),
  ];
}

function spaceSection(summary: TraceSummary): string[] {
  const { spaces } = summary;
  if (spaces.length === 0 || (spaces.length === 1 && spaces[0]?.space === '')) return [];
  const columns = [
    { title: 'space' },
    { title: 'count', align: 'right' },
    { title: 'per s', align: 'right' },
  ] as const;
  const rows = spaces
    .slice(0, MOST_ROWS)
    .map((s) => [s.space || '(none)', countText(s.count), numberText(s.rate_per_s)]);
  return capped(textTable(columns, rows), spaces.length, 'spaces');
}

function capped(lines: string[], rows: number, what: string): string[] {
  if (rows === 0) return [];
  return rows > MOST_ROWS ? [...lines, `… and ${rows - MOST_ROWS} more ${what}; --json lists all`] : lines;
}

/** Says what is missing and what is odd: losses, gaps, notes, warnings. */
function shortfall(summary: TraceSummary): string[] {
  const losses = Object.entries(summary.loss).filter(([, count]) => count > 0);
  const lost = losses.map(([name, count]) => `${countText(count)} ${name.replaceAll('_', ' ')}`);
  return [
    `losses: ${lost.length === 0 ? 'none known' : lost.join(', ')}`,
    ...summary.gaps.map((gap) => `gap: ${spanText(gap)}: ${gap.reason}`),
    ...summary.notes.map((note) => `note: ${note}`),
    ...summary.warnings.map((warning) => `warning: ${warning}`),
  ];
}

import type { AnswerSection, CapacityDocument, ProbeEntry } from '../../capacity/capacity-document.ts';
import { countText, numberText } from '../../inspect/number-text.ts';
import { type Column, textTable } from '../../inspect/text-table.ts';
import { MOST_UPSCALE } from '../../replay/replay-options.ts';

const right = (title: string): Column => ({ title, align: 'right' });

const COLUMNS: readonly Column[] = [
  ...['load', 'ops/s', 'in flight', 'p50 ms', 'p99 ms', 'errors'].map(right),
  { title: 'run' },
  { title: 'limits' },
];

/** A load with its unit: `4,520 a second`, `37 clients`, `1.8x`. */
export function capacityLoadText(load: number, { unit }: Pick<CapacityDocument['searched'], 'unit'>): string {
  if (unit === 'x') return `${numberText(load)}x`;
  const text = load >= 1000 ? countText(load) : String(Number(load.toPrecision(4)));
  return unit === 'operations a second' ? `${text} a second` : `${text} ${unit}`;
}

/** One run, as it ends. */
export function probeLine(entry: ProbeEntry, number: number, searched: CapacityDocument['searched']): string {
  const load = capacityLoadText(entry.load, searched);
  return `probe ${number}: ${load}: ${outcomeText(entry)}, p99 ${numberText(entry.p99_ms)} ms, ${numberText(entry.throughput_ops_per_sec)} ops/s`;
}

/** The probes by their load, and the answer below. */
export function capacityText(document: CapacityDocument): string[] {
  const probes = document.probes.toSorted((a, b) => a.load - b.load);
  const rows = probes.map((probe) => [
    Number(probe.load.toPrecision(5)).toString(),
    ...[probe.throughput_ops_per_sec, probe.mean_in_flight, probe.p50_ms, probe.p99_ms].map(numberText),
    probe.error_rate === null ? '-' : `${numberText(probe.error_rate * 100)} %`,
    probe.kind === 'generator' ? 'generator too slow' : probe.verdict,
    outcomeText(probe),
  ]);
  return [...textTable(COLUMNS, rows), '', ...answerLines(document)];
}

function outcomeText({ holds, margins, why, kind }: ProbeEntry): string {
  if (holds === true) return 'held';
  if (holds === null)
    return kind === 'generator' ? 'not judged: the generator was too slow' : `not judged: ${why}`;
  return `NOT held: ${margins
    .filter(({ margin }) => margin < 0)
    .map(({ limit }) => limit)
    .join('; ')}`;
}

/** The answer in words, and what to do with it. */
export function answerLines(document: CapacityDocument): string[] {
  const { answer, searched, limits } = document;
  const of = (load: number | null): string => (load === null ? '-' : capacityLoadText(load, searched));
  const lines = [
    ...(document.status === 'interrupted' ? ['Interrupted: --resume goes on from here.'] : []),
    ...typeLines(answer, of),
    ...boundLines(document, of),
    ...(answer.is_monotone ? [] : ['A higher load held than one that did not: look at the table.']),
    ...(answer.safe_load === null ? [] : [`Safe to run at: ${of(answer.safe_load)} (70 % of it).`]),
    ...(answer.knee === null
      ? []
      : [
          `Latency begins to rise steeply at ${of(answer.knee.load)} (p99 ${numberText(answer.knee.p99_ms)} ms).`,
        ]),
    ...lawLines(answer),
    `What had to hold: ${limits.join('; ')}.`,
  ];
  return lines;
}

type LoadTextOf = (load: number | null) => string;

function typeLines({ boundary_type: type, ...answer }: AnswerSection, of: LoadTextOf): string[] {
  switch (type) {
    case 'smooth':
      return [
        `Capacity: ${of(answer.capacity)} (95 % between ${of(answer.low)} and ${of(answer.high)}), where ${answer.binding_limit} is reached.`,
      ];
    case 'cliff':
      return [
        `Capacity: a cliff between ${of(answer.held)}, which holds, and ${of(answer.breached)}, which breaks ${answer.binding_limit} by far: no single number is true.`,
      ];
    case 'metastable':
      return [
        `No capacity: ${of(answer.held)} held, and does not hold again after ${of(answer.breached)}: the server does not come back from an overload by itself. Restart it, and see what it keeps.`,
      ];
    case 'not_reached':
      return [`Capacity: above ${of(answer.held)}, the highest load that was tried: every limit held.`];
    case 'never_held':
      return [
        `No load held, down to ${of(answer.breached)}: ${answer.binding_limit} is broken. A limit that this server can hold, or a lower --least?`,
      ];
    case 'unknown':
      if (answer.limited_by === 'generator')
        return [
          `Not known: this machine did not send in time what was asked for. Held: ${of(answer.held)}; did not hold: ${of(answer.breached)}.`,
        ];
      return [
        `Not known: too few valid runs. Held: ${of(answer.held)}; did not hold: ${of(answer.breached)}. The column 'limits' says why; a longer --probe-duration or more --max-probes may tell.`,
      ];
  }
}

function boundLines({ answer, generator, searched }: CapacityDocument, of: LoadTextOf): string[] {
  if (answer.limited_by === 'generator') {
    const carries = generator?.carries ?? null;
    const told = carries === null ? '' : ` It sends ${of(carries)} in time.`;
    return [
      `This machine is the bound, not the server.${told} A larger one, or several (--shard), can go on.`,
    ];
  }
  return answer.limited_by === 'range' ? [rangeLine(searched)] : [];
}

function rangeLine({ loads, most, by }: CapacityDocument['searched']): string {
  if (loads !== null) return 'The range ends there: no higher load was asked for.';
  const higher = Math.min((most ?? Infinity) * 2, by === 'upscale' ? MOST_UPSCALE : Infinity);
  const isHigher = Number.isFinite(higher) && higher > (most ?? Infinity);
  return `The range ends there${isHigher ? `: --most ${higher} goes on` : ''}.`;
}

function lawLines({ scalability_law: law }: AnswerSection): string[] {
  if (law === null) return [];
  const peak =
    law.peak_ops_per_sec === null
      ? ''
      : `; it peaks at ${numberText(law.peak_ops_per_sec)} a second with ${numberText(law.peak_in_flight)} in flight`;
  return [
    `Universal Scalability Law: contention ${numberText(law.contention)}, crosstalk ${numberText(law.crosstalk)}${peak}.`,
  ];
}

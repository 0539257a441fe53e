import type { ColumnValues } from './column-forms.ts';
import type { LogBlock, LogEndless, LogStream } from './log-block.ts';
import { LOG_COLUMNS, type LogColumn, type LogColumnName, type LogColumns } from './log-columns.ts';

const COLUMNS = Object.entries(LOG_COLUMNS) as [LogColumnName, LogColumn<ColumnValues>][];
const RECORDED = 'recorded.';

/**
 * Gives the entries of a block as docs/replay-log.md describes their JSON: units in the names, null for what is absent.
 */
export function* entriesJson(block: LogBlock): Generator<object> {
  const streamOf = new Map(block.streams.map((stream) => [stream.entry, stream]));
  const endlessOf = new Map(block.endless.map((answer) => [answer.entry, answer]));
  for (let i = 0; i < block.count; i += 1) {
    const stream = streamOf.get(i);
    const answer = endlessOf.get(i);
    yield {
      ...columnsJson(block, i),
      ...lengthsOf(block.columns, i),
      sender: block.sender,
      ...(stream === undefined ? {} : { stream: streamJson(stream) }),
      ...(answer === undefined ? {} : { endless: endlessJson(answer) }),
    };
  }
}

/** Gives what the columns say of entry `i`. */
function columnsJson({ columns, strings }: LogBlock, i: number): Record<string, unknown> {
  const entry: Record<string, unknown> = {};
  const recorded: Record<string, unknown> = {};
  for (const [name, column] of COLUMNS) {
    const { json } = column;
    const shown = valueJson(column, columns[name][i] as number, strings);
    if (json.startsWith(RECORDED)) recorded[json.slice(RECORDED.length)] = shown;
    else entry[json] = shown;
  }
  return { ...entry, recorded };
}

function valueJson(
  { names, form }: LogColumn<ColumnValues>,
  value: number,
  strings: readonly string[],
): unknown {
  if (names === 'strings') return strings[value];
  if (names === 'strings_from_1') return strings[value - 1] ?? null;
  if (names !== undefined) return names[value] || null;
  return value === form.absent ? null : orNull(value);
}

function lengthsOf(columns: LogColumns, i: number): Record<string, number | null> {
  const [dueNs, sentNs, doneNs] = [columns.dueNs, columns.sentNs, columns.doneNs].map((times) => times[i]);
  const between = (from = Number.NaN, to = Number.NaN): number | null => orNull(to - from);
  return {
    send_error_ns: between(dueNs, sentNs),
    response_ns: between(dueNs, doneNs),
    service_ns: between(sentNs, doneNs),
  };
}

function streamJson({ timeScale, untimed, ...times }: LogStream): object {
  return {
    time_scale: timeScale,
    planned_ns: [...times.plannedNs],
    sent_ns: [...times.sentNs],
    recorded_ns: [...times.recordedNs],
    received_ns: [...times.receivedNs],
    untimed,
  };
}

function endlessJson({ areEventsKnown, eventNs, untimed, comments }: LogEndless): object {
  if (!areEventsKnown) return { events_ns: null, untimed: null, comments: null };
  return { events_ns: [...eventNs], untimed, comments };
}

function orNull(ns: number): number | null {
  return Number.isNaN(ns) ? null : ns;
}

import type { LogBlock, LogColumns, LogEndless, LogStream } from './log-block.ts';
import { DISPOSITIONS, FAILURES, PROTOCOLS } from './names.ts';

/** The entries of a block as JSON has them: units in the names, null for what is absent; docs/replay-log.md. */
export function* entriesJson({
  sender,
  count,
  strings,
  columns,
  streams,
  endless,
}: LogBlock): Generator<object> {
  const streamOf = new Map(streams.map((stream) => [stream.entry, stream]));
  const endlessOf = new Map(endless.map((answer) => [answer.entry, answer]));
  for (let i = 0; i < count; i += 1) {
    const at = (column: keyof LogColumns): number => columns[column][i] as number;
    const stream = streamOf.get(i);
    const answer = endlessOf.get(i);
    yield {
      record: at('record'),
      op: strings[at('op')],
      session: strings[at('session')],
      protocol: PROTOCOLS[at('protocol')],
      disposition: DISPOSITIONS[at('disposition')],
      failure: FAILURES[at('failure')] || null,
      status: known(at('status')),
      ...timesOf(at),
      response_bytes: at('responseBytes'),
      in_flight: at('inFlight'),
      send_order: orNull(at('sendOrder')),
      number: at('number'),
      sender,
      recorded: {
        start_ns: at('recordedStartNs'),
        duration_ns: orNull(at('recordedDurationNs')),
        status: known(at('recordedStatus')),
      },
      ...(stream === undefined ? {} : { stream: streamJson(stream) }),
      ...(answer === undefined ? {} : { endless: endlessJson(answer) }),
    };
  }
}

function timesOf(at: (column: keyof LogColumns) => number): Record<string, number | null> {
  const [dueNs, sentNs, doneNs] = [at('dueNs'), at('sentNs'), at('doneNs')];
  return {
    due_ns: dueNs,
    ready_ns: orNull(at('readyNs')),
    released_ns: orNull(at('releasedNs')),
    sent_ns: orNull(sentNs),
    first_answer_ns: orNull(at('firstAnswerNs')),
    done_ns: orNull(doneNs),
    send_error_ns: orNull(sentNs - dueNs),
    response_ns: orNull(doneNs - dueNs),
    service_ns: orNull(doneNs - sentNs),
    reading_ns: at('readingNs'),
    full_ns: at('fullNs'),
    paced_ns: at('pacedNs'),
    stalled_ns: at('stalledNs'),
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

function known(status: number): number | null {
  return status < 0 ? null : status;
}

import { EngramTraceError } from '../error.ts';
import {
  addLoss,
  emptyHeader,
  emptyLoss,
  type TraceHeader,
  type TraceRecord,
} from '../trace/record/record.ts';
import { NO_HINTS } from '../trace/stats/plan-hints.ts';
import type { Trace } from '../trace/trace.ts';
import { mergeHeaders } from './merge-headers.ts';
import { mergeRecords } from './merge-records.ts';
import { isNear } from './trace-epoch.ts';

/**
 * Several traces as one, on the time line of the first (see `mergeRecords` for the order). Throws `usage` where their
 * clocks lie too far apart, as where one has no wall clock. Closing it closes them all.
 */
export function mergeTraces(traces: readonly [Trace, ...Trace[]]): Trace {
  const [first] = traces;
  const { epochUnixNs } = first.header;
  const shifts = traces.map(({ header, name }) => {
    if (!isNear(header.epochUnixNs, epochUnixNs)) throw otherClock(name, first.name);
    return Number(header.epochUnixNs - epochUnixNs);
  });
  return {
    name: traces.map(({ name }) => name).join(', '),
    format: first.format,
    header: headerOf(traces, shifts),
    index: undefined,
    hints: NO_HINTS,
    seekable: traces.every(({ seekable }) => seekable),
    get warnings() {
      return traces.flatMap(({ warnings }) => warnings);
    },
    records({ fromNs = Number.NEGATIVE_INFINITY, toNs = Number.POSITIVE_INFINITY, ahead, onDamage } = {}) {
      const inputs = traces.map((trace, i) => {
        const shiftNs = shifts[i] ?? 0;
        const bounds = { fromNs: fromNs - shiftNs, toNs: toNs - shiftNs };
        // Not where they stand in their blocks, nor to be given back to those: batches are made anew.
        const batches = trace.records({ ...bounds, ahead, onDamage });
        return { name: trace.name, batches: shifted(batches, shiftNs) };
      });
      return mergeRecords(inputs);
    },
    get loss() {
      return traces.reduce((sum, { loss }) => addLoss(sum, loss), emptyLoss());
    },
    close: async () => {
      for (const trace of traces) await trace.close();
    },
  };
}

/** A window only where all have one; between them all was recorded as far as anybody knows. */
function headerOf(traces: readonly Trace[], shifts: readonly number[]): TraceHeader {
  const headers = traces.map(({ header }) => header);
  const windows = headers.flatMap(({ window }, i) => (window ? [moved(window, shifts[i] ?? 0)] : []));
  const { epochUnixNs = 0n, source = '' } = headers[0] ?? {};
  return {
    ...emptyHeader(),
    ...mergeHeaders(headers),
    epochUnixNs,
    source,
    gaps: headers.flatMap(({ gaps }, i) => gaps.map((gap) => moved(gap, shifts[i] ?? 0))),
    window:
      windows.length < headers.length
        ? undefined
        : {
            startNs: Math.min(...windows.map(({ startNs }) => startNs)),
            endNs: Math.max(...windows.map(({ endNs }) => endNs)),
          },
    loss: headers.reduce((sum, { loss }) => addLoss(sum, loss), emptyLoss()),
  };
}

function moved<T extends { startNs: number; endNs: number }>(span: T, shiftNs: number): T {
  return { ...span, startNs: span.startNs + shiftNs, endNs: span.endNs + shiftNs };
}

async function* shifted(
  batches: AsyncIterable<TraceRecord[]>,
  shiftNs: number,
): AsyncGenerator<TraceRecord[]> {
  for await (const batch of batches) {
    if (shiftNs !== 0) for (const record of batch) record.startNs += shiftNs;
    yield batch;
  }
}

function otherClock(name: string, first: string): EngramTraceError {
  const hint = 'One of them may have no wall clock: its times count from 0. Give them one by one.';
  return new EngramTraceError('usage', `its clock is more than 52 days away from that of ${first}`, {
    where: name,
    hint,
  });
}

import type { TraceRecord } from '../trace/record/record.ts';

/** Puts records into order that come a little out of it. What comes too late is counted. */
export interface ReorderWindow {
  readonly late: number;
  /** `sizeBytes`: memory the record takes, more or less. */
  add(record: TraceRecord, sizeBytes: number): void;
  /** Records that can go; empty while the window is not full. */
  ready(): TraceRecord[];
  /** Takes out all records that are left, in order. */
  rest(): TraceRecord[];
}

export interface ReorderLimits {
  records: number;
  bytes: number;
}

export const REORDER_LIMITS: ReorderLimits = { records: 16_384, bytes: 32 * 1024 * 1024 };

/** Holds at least half of `limits` (and at most all) before it lets the first record go. */
export function createReorderWindow(limits: ReorderLimits = REORDER_LIMITS): ReorderWindow {
  let held: TraceRecord[] = [];
  let bytes = 0;
  let late = 0;
  let sentNs = Number.NEGATIVE_INFINITY;

  const takeFirst = (count: number) => {
    held.sort((a, b) => a.startNs - b.startNs);
    const first = held.slice(0, count);
    bytes -= (bytes * first.length) / Math.max(1, held.length);
    held = held.slice(count);
    sentNs = first.at(-1)?.startNs ?? sentNs;
    return first;
  };
  return {
    get late() {
      return late;
    },
    add(record, sizeBytes) {
      if (record.startNs < sentNs) {
        late++;
        return;
      }
      held.push(record);
      bytes += sizeBytes;
    },
    ready() {
      if (held.length < limits.records && bytes < limits.bytes) return [];
      return takeFirst(Math.ceil(held.length / 2));
    },
    rest: () => takeFirst(held.length),
  };
}

import type { SortedTimes } from './exact-times.ts';
import type { LogRow, LogTable } from './log-table.ts';

/** Times of one kind, sorted, all together and for each group. */
export interface GroupedTimes {
  overall: SortedTimes;
  group(index: number): SortedTimes;
}

/**
 * Collects one time per operation (NaN: none) and sorts them. `groupOf` gives the group's index below `groups`. Takes
 * 18 bytes an operation.
 */
export async function collectTimes(
  table: LogTable,
  groups: number,
  groupOf: (row: LogRow) => number,
  timeOf: (row: LogRow) => number,
): Promise<GroupedTimes> {
  const times = new Float64Array(table.reading.entries);
  const groupIndexes = new Uint16Array(table.reading.entries);
  const sizes = new Uint32Array(groups);
  let count = 0;
  await table.each((row) => {
    const ns = timeOf(row);
    if (Number.isNaN(ns)) return;
    const group = groupOf(row);
    times[count] = ns;
    groupIndexes[count] = group;
    sizes[group] = (sizes[group] ?? 0) + 1;
    count += 1;
  });
  const grouped = scatter(times.subarray(0, count), groupIndexes, sizes);
  return {
    overall: times.subarray(0, count).sort(),
    group: (index) => grouped[index] ?? new Float64Array(0),
  };
}

function scatter(times: Float64Array, groupIndexes: Uint16Array, sizes: Uint32Array): SortedTimes[] {
  const room = new Float64Array(times.length);
  const starts: number[] = [];
  let at = 0;
  for (const size of sizes) {
    starts.push(at);
    at += size;
  }
  const places = [...starts];
  times.forEach((ns, i) => {
    const group = groupIndexes[i] as number;
    const place = places[group] as number;
    room[place] = ns;
    places[group] = place + 1;
  });
  return starts.map((start, group) => room.subarray(start, start + (sizes[group] as number)).sort());
}

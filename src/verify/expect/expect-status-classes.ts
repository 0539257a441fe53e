import { type Expectations, exactly, expectAll, nearly } from '../measure/expectations.ts';
import type { LogRow, LogTable } from '../measure/log-table.ts';
import type { OpNames } from '../measure/op-names.ts';

interface Compared {
  compared: number;
  mismatches: number;
  /** By the two classes, as `changeKey` names them, with the op in front. */
  changes: Map<string, { recorded: string; replayed: string; count: number }>;
}

/** gRPC codes that stand for a mistake of the client, as docs/results.md lists them. */
const CLIENT_CODES = [1, 3, 5, 6, 7, 8, 9, 10, 11, 16];

/** Expects how the classes of the answers differ from those of the recording: in total, and op by op. */
export async function expectStatusClasses(
  table: LogTable,
  names: OpNames,
  into: Expectations,
): Promise<void> {
  const overall = nothing();
  const ops = names.keys.map(nothing);
  let unknown = 0;
  await table.each((row) => {
    if (row.disposition !== 'ok' && row.disposition !== 'error') return;
    if (row.recordedStatus < 0) {
      unknown += 1;
      return;
    }
    count(overall, row);
    count(ops[names.indexOf(row.op)] as Compared, row);
  });
  into.set('status_classes.recorded_unknown', exactly(unknown));
  into.set('summary.status_class_mismatch_rate', nearly(overall.mismatches / overall.compared));
  expectCompared(into, 'status_classes.overall', overall);
  names.keys.forEach((key, i) => {
    const of = ops[i] as Compared;
    expectCompared(into, `status_classes.ops.${key}`, of);
    for (const { recorded, replayed, count: times } of of.changes.values()) {
      expectAll(into, `status_classes.changes[${changeKey(key, recorded, replayed)}]`, {
        op: exactly(key),
        recorded: exactly(recorded),
        replayed: exactly(replayed),
        count: exactly(times),
      });
    }
  });
}

/** How a change is named in expectations. */
export function changeKey(op: string, recorded: string, replayed: string): string {
  return `${recorded} to ${replayed} of ${JSON.stringify(op)}`;
}

function expectCompared(into: Expectations, path: string, { compared, mismatches }: Compared): void {
  expectAll(into, path, {
    compared: exactly(compared),
    mismatches: exactly(mismatches),
    mismatch_rate: nearly(mismatches / compared),
  });
}

function nothing(): Compared {
  return { compared: 0, mismatches: 0, changes: new Map() };
}

function count(into: Compared, { isGrpc, status, recordedStatus }: LogRow): void {
  const [recorded, replayed] = [classOf(isGrpc, recordedStatus), classOf(isGrpc, status)];
  into.compared += 1;
  if (recorded === replayed) return;
  into.mismatches += 1;
  const key = `${recorded} ${replayed}`;
  const change = into.changes.get(key) ?? { recorded, replayed, count: 0 };
  change.count += 1;
  into.changes.set(key, change);
}

function classOf(isGrpc: boolean, status: number): string {
  if (status < 0) return 'none';
  if (!isGrpc) return status >= 100 && status < 600 ? `${String(status).charAt(0)}xx` : 'other';
  if (status === 0) return 'ok';
  return CLIENT_CODES.includes(status) ? 'client_error' : 'server_error';
}

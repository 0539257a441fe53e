import { type Expectations, exactly } from '../measure/expectations.ts';
import type { LogTable } from '../measure/log-table.ts';

/** The latest operation of a session, in the order of the plan, that was sent. */
interface Newest {
  number: number;
  startNs: number;
  dueNs: number;
}

interface Sends {
  session: Uint32Array;
  number: Float64Array;
  startNs: Float64Array;
  durationNs: Float64Array;
  dueNs: Float64Array;
}

/**
 * Inversions: operations sent after one of their session that had to follow them. `timeScale` is the rate multiplier
 * where due times follow the recording; it lets passes of a loop be compared.
 */
export async function expectOrder(
  table: LogTable,
  timeScale: number | undefined,
  into: Expectations,
): Promise<number> {
  const sends = await sendsInOrder(table);
  const newest = new Map<number, Newest>();
  let inversions = 0;
  for (let i = 0; i < table.sends; i += 1) {
    const session = sends.session[i] as number;
    const one = {
      number: sends.number[i] as number,
      startNs: sends.startNs[i] as number,
      dueNs: sends.dueNs[i] as number,
    };
    const last = newest.get(session);
    if (last === undefined || one.number > last.number) newest.set(session, one);
    else if (hadToPrecede(one, sends.durationNs[i] as number, last, timeScale)) inversions += 1;
  }
  into.set('fidelity.inversions', exactly(inversions));
  return inversions;
}

function hadToPrecede(
  late: Newest,
  durationNs: number,
  sentBefore: Newest,
  timeScale: number | undefined,
): boolean {
  if (sentBefore.startNs >= late.startNs) return late.startNs + durationNs <= sentBefore.startNs;
  // A later pass: recorded starts begin again, so that only due times tell, to the microsecond.
  return timeScale !== undefined && late.dueNs + durationNs / timeScale + 1000 <= sentBefore.dueNs;
}

async function sendsInOrder(table: LogTable): Promise<Sends> {
  const length = table.sends;
  const sends: Sends = {
    session: new Uint32Array(length),
    number: new Float64Array(length),
    startNs: new Float64Array(length),
    durationNs: new Float64Array(length),
    dueNs: new Float64Array(length),
  };
  const sessions = new Map<string, number>();
  await table.each((row) => {
    if (!row.isSent) return;
    const i = row.sendOrder;
    const session = sessions.get(row.session) ?? sessions.size;
    sessions.set(row.session, session);
    sends.session[i] = session;
    sends.number[i] = row.number;
    sends.startNs[i] = row.recordedStartNs;
    sends.durationNs[i] = Number.isNaN(row.recordedDurationNs) ? 0 : row.recordedDurationNs;
    sends.dueNs[i] = row.dueNs;
  });
  return sends;
}

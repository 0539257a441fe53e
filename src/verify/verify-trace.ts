import { createPlanDigest, type PlanDigest } from '../replay/plan/plan-digest.ts';
import { STREAMS_VERSION } from '../replay-log/log-columns.ts';
import { crc32 } from '../trace/bytes/crc32.ts';
import type { TraceRecord } from '../trace/record/record.ts';
import type { Trace } from '../trace/trace.ts';
import type { Check } from './compare.ts';
import type { Leaves } from './expect/document-leaves.ts';
import { upscaledStarts } from './expect/expected-upscale.ts';
import type { LogRow, LogTable } from './measure/log-table.ts';
import { selectionOf, timesByShard } from './taking-part.ts';

/** What the log has of each record of the trace, by its place among those that the log has. */
interface Logged {
  /** Their numbers, ascending. A log may have few of many records, and one that was forged says any number. */
  numbers: Float64Array;
  times: Uint32Array;
  /** The due times of the first pass. */
  dueNs: Float64Array;
  startNs: Float64Array;
  durationNs: Float64Array;
  names: Uint32Array;
  /** The factors that the offsets of streams were divided by. */
  timeScales: Map<number, number>;
  /** An older log says nothing of the messages of streams. */
  hasStreams: boolean;
}

interface Found {
  missing: number;
  repeated: number;
  different: number;
  lastNumber: number;
  misplanned: number;
}

/**
 * Checks that the log holds what the trace holds: each record that takes part as often as the plan says, with the
 * session, op and times it has in the trace, and due where the schedule puts it (for `absolute` timing without cuts,
 * phases or copies: `(start - first start) / multiplier`).
 */
export async function verifyTrace(table: LogTable, facts: Leaves, trace: Trace): Promise<Check[]> {
  const option = (name: string): unknown => facts.get(`plan.options.${name}`);
  const copies = Number(option('copies') ?? 1);
  const isOneOfSeveral = typeof option('shard') === 'string';
  const passes = Number(facts.get('fidelity.engine.passes') ?? 1);
  const isComplete = facts.get('fidelity.accounting.plan_complete') === true;
  // A shard need not have the first operation of the plan.
  const startNs = (isOneOfSeveral ? table.reading.end?.anchorNs : undefined) ?? table.startNs;
  const logged = await collectLogged(table, copies, startNs);
  const takesPart = selectionOf(facts, trace);
  const isSet = (name: string): boolean => (option(name) ?? null) !== null;
  const cut = { from: isSet('from'), to: ['to', 'duration_secs', 'limit'].some(isSet) };
  // Where the part begins and ends that was cut out is told by the log, and one shard's log does not know.
  const plan = isOneOfSeveral && cut.from ? undefined : plannedBy(option, copies);
  const digest = createPlanDigest();
  const timesOf = timesByShard(option('shard'), copies);
  const terms = { timesOf, passes, isComplete, plan, cut, takesPart, digest };
  const found = await compareWith(trace, logged, terms);
  const check = (name: string, inDocument: number): Check => ({
    name: `trace: ${name}`,
    inDocument,
    recomputed: 0,
    agrees: inDocument === 0,
  });
  return [
    check('records of the plan that the log lacks', found.missing),
    check('records that were planned more often than the plan says', found.repeated),
    check('operations that differ from their record', found.different),
    check(
      'operations that belong to no record',
      logged.numbers.filter((number) => !(number < found.lastNumber)).length,
    ),
    ...(plan === undefined ? [] : [check('operations planned for another time', found.misplanned)]),
    ...(isComplete && copies === 1 && !(isOneOfSeveral && (cut.from || cut.to))
      ? [digestCheck(facts, digest)]
      : []),
  ];
}

/** Checks the requests to the byte: whether the trace is the one that was replayed. */
function digestCheck(facts: Leaves, digest: PlanDigest): Check {
  const name = 'plan.trace.digest';
  const [inDocument, recomputed] = [facts.get(name), digest.finish()];
  return { name: `trace: ${name}`, inDocument, recomputed, agrees: inDocument === recomputed };
}

async function collectLogged(table: LogTable, copies: number, startNs: number): Promise<Logged> {
  const numbers = await recordNumbers(table);
  const records = numbers.length;
  const logged: Logged = {
    numbers,
    times: new Uint32Array(records),
    dueNs: new Float64Array(records).fill(Number.NaN),
    startNs: new Float64Array(records),
    durationNs: new Float64Array(records),
    names: new Uint32Array(records),
    timeScales: new Map(),
    hasStreams: table.reading.header.formatVersion >= STREAMS_VERSION,
  };
  await table.each((row) => {
    takeRow(logged, row, startNs, copies);
  });
  return logged;
}

/** The numbers of all records that the log has, each once, ascending. */
async function recordNumbers(table: LogTable): Promise<Float64Array> {
  const all = new Float64Array(table.reading.entries);
  let count = 0;
  await table.each((row) => {
    all[count++] = row.record;
  });
  all.sort();
  let kept = 0;
  for (const number of all) if (kept === 0 || number !== all[kept - 1]) all[kept++] = number;
  return all.subarray(0, kept);
}

/** The first place of a number that is not below the given one. */
function placeOf(numbers: Float64Array, number: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Notes an entry of the log. Of copies only the first is compared in detail, as the others have sessions and starts of
 * their own.
 */
function takeRow(logged: Logged, row: LogRow, startNs: number, copies: number): void {
  const record = placeOf(logged.numbers, row.record);
  logged.times[record] = (logged.times[record] as number) + 1;
  if (copies > 1 && row.number % copies !== 0) return;
  logged.startNs[record] = row.recordedStartNs;
  logged.durationNs[record] = row.recordedDurationNs;
  const { stream } = row;
  logged.names[record] = namesOf(row.session, row.op, row.isGrpc, stream?.plannedNs, stream?.recordedNs);
  if (stream !== undefined && stream.timeScale > 0) logged.timeScales.set(record, stream.timeScale);
  const dueNs = row.dueNs - startNs;
  const known = logged.dueNs[record] as number;
  // Later passes are due later.
  logged.dueNs[record] = Number.isNaN(known) ? dueNs : Math.min(known, dueNs);
}

/** Sums up the names of a record and, of a stream, when the messages of client and server were recorded. */
function namesOf(
  session: string,
  op: string,
  isGrpc: boolean,
  plannedNs: Iterable<number> = [],
  recordedNs: Iterable<number> = [],
): number {
  return crc32(Buffer.from(JSON.stringify([session, op, isGrpc, [...plannedNs], [...recordedNs]])));
}

/** Collects the offsets at which the messages of one side were recorded, in ns and ascending. */
function offsetsIn({ stream }: TraceRecord, fromServer: boolean): number[] {
  const ofSide = stream?.messages.filter((message) => message.fromServer === fromServer) ?? [];
  return ofSide.map(({ offsetNs }) => Math.round(offsetNs)).sort((a, b) => a - b);
}

interface Plan {
  /** The factor that time inside streams is divided by. */
  multiplier: number;
  dueNs(record: TraceRecord, firstStartNs: number, index: number): number;
}

/** Makes the formula of the due times of the first pass; undefined where they follow from more than the trace. */
function plannedBy(option: (name: string) => unknown, copies: number): Plan | undefined {
  const timing = String(option('timing'));
  const isBent = [option('pace'), option('max_gap_secs')].some((each) => each !== null && each !== undefined);
  if (isBent || copies > 1 || option('behind') === 'stretch') return undefined;
  const multiplier = Number(option('rate_multiplier'));
  const ratePerSec = Number(/^rate=(.+)$/.exec(timing)?.[1]);
  const upscale = Number(option('upscale') ?? 1);
  if (upscale > 1) {
    const startOf = upscaledStarts(upscale, option('order') !== 'open');
    return { multiplier, dueNs: (record, firstNs) => (startOf(record) - firstNs) / multiplier };
  }
  if (timing === 'absolute')
    return { multiplier, dueNs: ({ startNs }, firstNs) => (startNs - firstNs) / multiplier };
  if (timing === 'asap') return { multiplier, dueNs: () => 0 };
  if (!(ratePerSec > 0)) return undefined;
  return { multiplier, dueNs: (_record, _firstNs, index) => (index * 1e9) / ratePerSec };
}

interface Terms {
  /** Tells how many copies of a session are played here in each pass. */
  timesOf(session: string): number;
  passes: number;
  isComplete: boolean;
  plan: Plan | undefined;
  /** Which ends of the trace the plan was cut at. */
  cut: { from: boolean; to: boolean };
  takesPart(record: TraceRecord): boolean;
  digest: PlanDigest;
}

async function compareWith(trace: Trace, logged: Logged, terms: Terms): Promise<Found> {
  const found: Found = {
    missing: 0,
    repeated: 0,
    different: 0,
    lastNumber: 0,
    misplanned: 0,
  };
  const range = rangeOf(logged, terms);
  const { numbers } = logged;
  const { plan, isComplete } = terms;
  let at = 0;
  let firstStartNs: number | undefined;
  let index = 0;
  for await (const batch of trace.records({ onDamage: 'skip' })) {
    for (const record of batch) {
      const number = found.lastNumber++;
      while ((numbers[at] as number) < number) at += 1;
      const place = numbers[at] === number ? at : undefined;
      const isInPlan = number >= range.first && number <= range.last && terms.takesPart(record);
      const wanted = isInPlan ? terms.timesOf(record.session) * terms.passes : 0;
      if (wanted === 0 && place !== undefined) found.different += 1;
      if (!isInPlan) continue;
      firstStartNs ??= record.startNs;
      terms.digest.add(record);
      const dueNs = plan?.dueNs(record, firstStartNs, index++) ?? 0;
      if (wanted === 0) continue;
      compareRecord(found, logged, record, { place, wanted, isComplete });
      if (plan !== undefined && place !== undefined)
        comparePlan(found, logged, place, dueNs, plan.multiplier);
    }
  }
  return found;
}

/** `--from`, `--to`, `--duration` and `--limit` cut the trace, and an early stop does: what lies outside is not part of the plan. */
function rangeOf({ numbers }: Logged, { cut, isComplete }: Terms): { first: number; last: number } {
  return {
    first: cut.from ? (numbers[0] ?? 0) : 0,
    last: cut.to || !isComplete ? (numbers.at(-1) ?? -1) : Infinity,
  };
}

/** `place` is undefined where the log does not have the record. */
function compareRecord(
  found: Found,
  logged: Logged,
  record: TraceRecord,
  { place, wanted, isComplete }: { place: number | undefined; wanted: number; isComplete: boolean },
): void {
  const count = place === undefined ? 0 : (logged.times[place] as number);
  if (count > wanted) found.repeated += 1;
  if (count < (isComplete ? wanted : 1)) found.missing += 1;
  // Of copies it is the first that is compared, and that may be another shard's.
  if (place === undefined || Number.isNaN(logged.dueNs[place])) return;
  const { session, op, protocol, startNs, durationNs } = record;
  const offsets = logged.hasStreams ? [offsetsIn(record, false), offsetsIn(record, true)] : [];
  const isSame =
    logged.startNs[place] === startNs &&
    Object.is(logged.durationNs[place], durationNs ?? Number.NaN) &&
    logged.names[place] === namesOf(session, op, protocol === 'grpc', ...offsets);
  if (!isSame) found.different += 1;
}

function comparePlan(found: Found, logged: Logged, place: number, dueNs: number, multiplier: number): void {
  const errorNs = Math.abs((logged.dueNs[place] as number) - dueNs);
  const timeScale = logged.timeScales.get(place) ?? multiplier;
  // The plan is rounded to whole ns.
  if (errorNs > 1 || timeScale !== multiplier) found.misplanned += 1;
}

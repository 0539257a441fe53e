import { blockBytes, type LogBlock, type LogEndless, type LogStream } from '../../replay-log/log-block.ts';
import type { LogColumns } from '../../replay-log/log-columns.ts';
import { DISPOSITIONS, FAILURES } from '../../replay-log/names.ts';
import { type LogReading, readBlocksAgain, readReplayLog } from '../../replay-log/read-replay-log.ts';

const CANCELLED = FAILURES.indexOf('cancelled_as_recorded');

/** Two million operations, or fewer where they are streams of many messages. */
const MOST_KEPT_BYTES = 300 * 2 ** 20;

/**
 * A replay log that is walked through from front to back as often as needed. What was read is kept, up to a bound: only
 * a longer log is read again beyond it. Each walk keeps only the columns it is about, so that ten million operations take
 * a few hundred megabytes and not several times that.
 */
export interface LogTable {
  readonly reading: LogReading;
  /** The operations of clients that waited for their answers. */
  readonly isClosedLoop: boolean;
  /** Due time of the first operation, in ns on the clock of the log. */
  readonly startNs: number;
  /** Operations of which a first byte was sent. */
  readonly sends: number;
  /** How many of them each shard sent, by its number. */
  readonly sendsByShard: ReadonlyMap<number, number>;
  /** Ops that were with a transport, in the order of their first appearance. */
  readonly ops: readonly string[];
  /** Calls `visit` for each operation, in the order in which they ended. */
  each(visit: (row: LogRow) => void): Promise<void>;
}

/** One operation of the log. Reused: copy what is needed. Times in ns, NaN where there is none. */
export class LogRow {
  readonly #firstSends: ReadonlyMap<number, number>;
  readonly #isClosedLoop: boolean;
  #firstSend = 0;
  #block!: LogBlock;
  #columns!: LogColumns;
  #at = 0;
  #nextStream = 0;
  #nextEndless = 0;

  /**
   * `firstSends` tells by shard where its sends begin among those of all. In a closed loop response times count from the
   * send.
   */
  constructor(firstSends: ReadonlyMap<number, number>, isClosedLoop = false) {
    this.#firstSends = firstSends;
    this.#isClosedLoop = isClosedLoop;
  }

  /** Goes to an entry; called for the entries of a block in their order. */
  to(block: LogBlock, at: number): void {
    if (at === 0) {
      this.#nextStream = 0;
      this.#nextEndless = 0;
      this.#firstSend = this.#firstSends.get(block.sender) ?? 0;
    }
    this.#block = block;
    this.#columns = block.columns;
    this.#at = at;
  }

  /** The stream of the operation; undefined where it is none. */
  get stream(): LogStream | undefined {
    const { streams } = this.#block;
    while ((streams[this.#nextStream]?.entry ?? Infinity) < this.#at) this.#nextStream += 1;
    const stream = streams[this.#nextStream];
    return stream?.entry === this.#at ? stream : undefined;
  }

  /** Its endless answer; undefined where the answer is an ordinary one, or none. */
  get endless(): LogEndless | undefined {
    const { endless } = this.#block;
    while ((endless[this.#nextEndless]?.entry ?? Infinity) < this.#at) this.#nextEndless += 1;
    const answer = endless[this.#nextEndless];
    return answer?.entry === this.#at ? answer : undefined;
  }

  get number(): number {
    return this.#columns.number[this.#at] as number;
  }
  get record(): number {
    return this.#columns.record[this.#at] as number;
  }
  get session(): string {
    return this.#block.strings[this.#columns.session[this.#at] as number] as string;
  }
  get op(): string {
    return this.#block.strings[this.#columns.op[this.#at] as number] as string;
  }
  get isGrpc(): boolean {
    return this.#columns.protocol[this.#at] === 2;
  }
  get dueNs(): number {
    return this.#columns.dueNs[this.#at] as number;
  }
  get readyNs(): number {
    return this.#columns.readyNs[this.#at] as number;
  }
  get releasedNs(): number {
    return this.#columns.releasedNs[this.#at] as number;
  }
  get sentNs(): number {
    return this.#columns.sentNs[this.#at] as number;
  }
  get firstAnswerNs(): number {
    return this.#columns.firstAnswerNs[this.#at] as number;
  }
  get doneNs(): number {
    return this.#columns.doneNs[this.#at] as number;
  }
  get readingNs(): number {
    return this.#columns.readingNs[this.#at] as number;
  }
  get fullNs(): number {
    return this.#columns.fullNs[this.#at] as number;
  }
  get pacedNs(): number {
    return this.#columns.pacedNs[this.#at] as number;
  }
  get stalledNs(): number {
    return this.#columns.stalledNs[this.#at] as number;
  }
  /** Which shard sent it, from 0. */
  get shard(): number {
    return this.#block.sender;
  }
  /** The place of its send among all sends: those of each shard in their order, shard after shard. */
  get sendOrder(): number {
    return this.#firstSend + (this.#columns.sendOrder[this.#at] as number);
  }
  get inFlight(): number {
    return this.#columns.inFlight[this.#at] as number;
  }
  get disposition(): string {
    return DISPOSITIONS[this.#columns.disposition[this.#at] as number] as string;
  }
  /** Why it failed; '' where it has an answer, or was cancelled as recorded. */
  get failure(): string {
    return this.isCancelled ? '' : (FAILURES[this.#columns.failure[this.#at] as number] as string);
  }
  /** Whether the operation was cancelled as recorded. */
  get isCancelled(): boolean {
    return this.#columns.failure[this.#at] === CANCELLED;
  }
  /** The status of its answer; -1 where none came. */
  get status(): number {
    return this.#columns.status[this.#at] as number;
  }
  /** Whether its answer is the recorded one: 1 it is, 2 it is another, 0 not known. */
  get answer(): number {
    return this.#columns.answer[this.#at] as number;
  }
  /** The value of the header that answers were counted by; undefined where it has none. */
  get headerValue(): string | undefined {
    return this.#block.strings[(this.#columns.headerValue[this.#at] as number) - 1];
  }
  get responseBytes(): number {
    return this.#columns.responseBytes[this.#at] as number;
  }
  get recordedStartNs(): number {
    return this.#columns.recordedStartNs[this.#at] as number;
  }
  get recordedDurationNs(): number {
    return this.#columns.recordedDurationNs[this.#at] as number;
  }
  /** The recorded status; -1 where it is not known. */
  get recordedStatus(): number {
    return this.#columns.recordedStatus[this.#at] as number;
  }

  /** Whether the operation was handed to a transport. */
  get isAttempted(): boolean {
    const { disposition } = this;
    return disposition === 'ok' || disposition === 'error' || disposition === 'cut_off';
  }

  get isSent(): boolean {
    return !Number.isNaN(this.sentNs);
  }

  /** How long it took says nothing of the server: it was cancelled as recorded, or its answer is endless. */
  get hasNoDuration(): boolean {
    return this.isCancelled || this.endless !== undefined;
  }

  /** From due (or, in a closed loop, from sent) to done; NaN for one that failed without an answer and without a wait, or has no duration. */
  get responseNs(): number {
    const { failure } = this;
    const isGivenUp = failure === 'timeout' || this.disposition === 'cut_off';
    const counts = isGivenUp || (failure === '' && this.isSent);
    if (!this.isAttempted || !counts || this.hasNoDuration) return Number.NaN;
    return this.doneNs - (this.#isClosedLoop && this.isSent ? this.sentNs : this.dueNs);
  }
}

/** Reads a log once, with every check of its integrity, and keeps its first blocks. */
export async function openLogTable(path: string, mostKeptBytes = MOST_KEPT_BYTES): Promise<LogTable> {
  const kept: LogBlock[] = [];
  let leftBytes = mostKeptBytes;
  const ops = new Set<string>();
  let startNs = Number.POSITIVE_INFINITY;
  const sendsByShard = new Map<number, number>();
  const look = (row: LogRow): void => {
    if (row.disposition !== 'unsent') startNs = Math.min(startNs, row.dueNs);
    if (row.isSent) sendsByShard.set(row.shard, (sendsByShard.get(row.shard) ?? 0) + 1);
    if (row.isAttempted) ops.add(row.op);
  };
  const lookAt = rowsTo(new LogRow(new Map()), look);
  const reading = await readReplayLog(path, (block) => {
    lookAt(block);
    leftBytes -= blockBytes(block);
    if (leftBytes >= 0) kept.push(block);
  });
  const firstSends = firstSendsOf(sendsByShard);
  const isClosedLoop = isOfClosedLoop(reading);
  return {
    reading,
    isClosedLoop,
    startNs,
    sends: [...sendsByShard.values()].reduce((sum, count) => sum + count, 0),
    sendsByShard,
    ops: [...ops],
    each: async (visit) => {
      const take = rowsTo(new LogRow(firstSends, isClosedLoop), visit);
      for (const block of kept) take(block);
      if (kept.length < reading.blocks) await readBlocksAgain(path, take, kept.length);
    },
  };
}

/** By the options of the plan, which the log repeats at its head. */
function isOfClosedLoop({ header }: LogReading): boolean {
  try {
    return JSON.parse(header.optionsJson).timing === 'clients';
  } catch {
    return false;
  }
}

function firstSendsOf(sendsByShard: ReadonlyMap<number, number>): Map<number, number> {
  let first = 0;
  const firsts = new Map<number, number>();
  for (const shard of [...sendsByShard.keys()].sort((a, b) => a - b)) {
    firsts.set(shard, first);
    first += sendsByShard.get(shard) ?? 0;
  }
  return firsts;
}

function rowsTo(row: LogRow, visit: (row: LogRow) => void): (block: LogBlock) => void {
  return (block) => {
    for (let i = 0; i < block.count; i += 1) {
      row.to(block, i);
      visit(row);
    }
  };
}

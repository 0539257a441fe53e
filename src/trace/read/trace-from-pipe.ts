import { EngramTraceError } from '../../error.ts';
import { openBlock } from '../block/block-cursor.ts';
import { createCursorSet, type HeldCursor } from '../block/cursor-set.ts';
import { BATCH_RECORDS, MAX_HELD_BLOCKS, MAX_HELD_BYTES } from '../block/merge-blocks.ts';
import type { ByteQueue } from '../bytes/byte-queue.ts';
import { MalformedError } from '../bytes/wire-reader.ts';
import { damagedBlock, damagedHeader, joinedTrace } from '../frames/damage.ts';
import { type FrameEvent, readFrames } from '../frames/read-frames.ts';
import { SEEK_TABLE_MAGIC } from '../frames/seek-table.ts';
import { addLoss, emptyLoss, type Loss, type TraceHeader, type TraceRecord } from '../record/record.ts';
import { NO_HINTS } from '../stats/plan-hints.ts';
import type { ReadOptions, Trace } from '../trace.ts';
import { readHeader, startsTrace } from './read-header.ts';

/** Reads a trace file from a pipe. There is no index, so that what is out of order must fit a bounded window. */
export async function openTraceFromPipe(queue: ByteQueue, name: string): Promise<Trace> {
  const frames = readFrames(queue);
  const first = await frames.next();
  if (first.done || first.value.kind !== 'data') throw damagedHeader(name, new Error('it is not whole'));
  const header = readHeader(first.value.raw, name);
  const state: PipeState = { name, header, loss: addLoss(emptyLoss(), header.loss), warnings: [] };
  let used = false;
  return {
    name,
    format: 'trace',
    header,
    index: undefined,
    hints: NO_HINTS,
    seekable: false,
    warnings: state.warnings,
    records(options = {}) {
      if (used) throw new EngramTraceError('usage', 'a pipe can be read only once', { where: name });
      used = true;
      return readRecords(frames, state, options);
    },
    get loss() {
      return { ...state.loss };
    },
    close: () => queue.close(),
  };
}

interface PipeState {
  name: string;
  header: TraceHeader;
  loss: Loss;
  warnings: string[];
  /** Where another trace starts, in front of the end of this one. */
  joinedAt?: number;
}

interface PipedBlock extends HeldCursor {
  offset: number;
}

/**
 * Blocks in the order of their first starts (`sorted`): what starts before the block just read can go. Otherwise
 * blocks are held until there are too many. Either way the window is bounded; what comes too late for it is counted.
 */
async function* readRecords(
  frames: AsyncGenerator<FrameEvent>,
  state: PipeState,
  options: ReadOptions,
): AsyncGenerator<TraceRecord[]> {
  const { fromNs = Number.NEGATIVE_INFINITY, toNs = Number.POSITIVE_INFINITY } = options;
  const skip = options.onDamage === 'skip';
  const set = createCursorSet<PipedBlock>(options.placed);
  let batch: TraceRecord[] = [];
  let sentNs = fromNs;
  let late = 0;
  const advance = (held: PipedBlock) => {
    try {
      held.cursor.advance();
    } catch (error) {
      if (!skip) throw damagedRecord(state.name, held, error);
      state.loss.blocksDamaged++;
      state.loss.recordsDamaged += held.cursor.records - held.cursor.position;
    }
  };
  const passLate = (held: PipedBlock) => {
    for (let record = held.cursor.current; record && record.startNs < sentNs; record = held.cursor.current) {
      if (record.startNs >= fromNs) late++;
      advance(held);
    }
  };
  const isOver = () => set.size > MAX_HELD_BLOCKS || (set.size > 1 && set.rawBytes > MAX_HELD_BYTES);
  const isReady = (beforeNs: number) =>
    set.size > 0 && set.nextStartNs < toNs && (set.nextStartNs < beforeNs || isOver());
  function* drain(beforeNs: number) {
    while (isReady(beforeNs)) {
      const limitNs = Math.max(beforeNs, set.nextStartNs + 1);
      set.takeRun(batch, Math.min(toNs, limitNs), BATCH_RECORDS, advance);
      sentNs = Math.max(sentNs, batch.at(-1)?.startNs ?? sentNs);
      if (batch.length < BATCH_RECORDS) continue;
      yield batch;
      batch = [];
    }
  }
  let failure: unknown;
  let seenEnough = false;
  let rank = 0;
  try {
    for await (const event of whileWhole(frames, state)) {
      const held = takeBlock(event, state, skip, rank++);
      if (held instanceof EngramTraceError) {
        failure = held;
        break;
      }
      if (!held) continue;
      if (state.header.sorted) {
        yield* drain(held.cursor.firstStartNs);
        // Those who wait for the next block should not wait for what is ready.
        if (batch.length > 0) yield batch;
        batch = [];
      }
      passLate(held);
      set.add(held);
      yield* drain(Number.NEGATIVE_INFINITY);
      if (state.header.sorted && held.cursor.firstStartNs >= toNs) {
        seenEnough = true;
        break;
      }
    }
    yield* drain(Number.POSITIVE_INFINITY);
  } catch (error) {
    failure = error;
  }
  // What is whole comes first, then the error.
  if (batch.length > 0) yield batch;
  reportLate(state, late);
  if (failure !== undefined) throw failure;
  if (!seenEnough) await passEnd(frames, state, skip);
}

/** Frames up to the end of the trace: its seek table, or where it was not closed and another is joined to it. */
async function* whileWhole(frames: AsyncGenerator<FrameEvent>, state: PipeState): AsyncGenerator<FrameEvent> {
  for (;;) {
    const { value: event, done } = await frames.next();
    if (done) {
      state.warnings.push(`${state.name} ended without an index: what wrote it was stopped before the end.`);
      return;
    }
    if (event.kind === 'skippable' && event.magic === SEEK_TABLE_MAGIC) return;
    if (event.kind === 'data' && startsTrace(event.raw, state.header.epochUnixNs)) {
      state.joinedAt = event.offset;
      return;
    }
    yield event;
  }
}

/** Passes the end of the trace. What was joined behind the seek table must not get lost without a word. */
async function passEnd(frames: AsyncGenerator<FrameEvent>, state: PipeState, skip: boolean): Promise<void> {
  let passedBytes = 0;
  const takeJoined = (offset: number) => {
    if (!skip) throw joinedTrace(state.name, offset);
    state.loss.blocksDamaged++;
  };
  if (state.joinedAt !== undefined) takeJoined(state.joinedAt);
  for await (const { kind, offset, sizeBytes } of frames) {
    if (kind === 'data') takeJoined(offset);
    else passedBytes += sizeBytes;
  }
  if (passedBytes > 0) state.warnings.push(`${state.name}: the last ${passedBytes} bytes are not read.`);
}

/** The block of a frame; an error where it has none, and is not to be skipped. */
function takeBlock(
  event: FrameEvent,
  state: PipeState,
  skip: boolean,
  rank: number,
): PipedBlock | EngramTraceError | undefined {
  if (event.kind === 'skippable') return undefined;
  if (event.kind === 'cut') {
    state.warnings.push(
      `${state.name} is cut off: the last ${event.sizeBytes} bytes are a block that is not whole.`,
    );
    return undefined;
  }
  try {
    if (event.kind === 'damaged') throw new MalformedError(event.reason);
    const cursor = openBlock(event.raw, state.header.epochUnixNs);
    addLoss(state.loss, cursor.loss);
    return { cursor, rank, offset: event.offset };
  } catch (error) {
    if (!skip) return damagedBlock(state.name, { number: rank, offset: event.offset }, error);
    state.loss.blocksDamaged++;
    return undefined;
  }
}

function damagedRecord(name: string, { cursor, rank, offset }: PipedBlock, error: unknown): EngramTraceError {
  return damagedBlock(name, { number: rank, offset, record: cursor.position }, error);
}

function reportLate(state: PipeState, late: number): void {
  if (late === 0) return;
  state.loss.recordsLate += late;
  state.warnings.push(
    `${state.name}: ${late} records were too far out of order for a pipe and were left out; read the file itself to get them in order.`,
  );
}

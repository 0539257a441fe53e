import { readFile } from 'node:fs/promises';
import type { Disposition, Operation } from '../../src/replay/ports.ts';
import type { LogBlock, LogBlockMessage } from '../../src/replay-log/log-block.ts';
import { blockOf } from '../../src/replay-log/log-block.ts';
import { LOG_FORMAT_VERSION } from '../../src/replay-log/log-columns.ts';
import type { LogHeader } from '../../src/replay-log/replay-log.ts';
import { createReplayLogRecorder } from '../../src/replay-log/replay-log-recorder.ts';
import { createReplayLogWriter } from '../../src/replay-log/replay-log-writer.ts';
import { frameSpan } from '../../src/trace/frames/zstd-frame.ts';
import type { ByteSink } from '../../src/trace/trace.ts';
import { makeRecord, outcome } from '../results/support.ts';

export const HEADER: LogHeader = {
  formatVersion: LOG_FORMAT_VERSION,
  tool: 'test 1',
  started: '2025-01-01T00:00:00.000Z',
  traceName: 'prod.trace.zst',
  optionsJson: '{}',
};

/** An operation as the engine hands it over. */
export function makeOperation(number: number, given: Partial<Operation> = {}): Operation {
  const dueNs = 1e9 + number * 1e6;
  return {
    record: makeRecord({ startNs: number * 1e6, session: `s${number % 3}`, durationNs: 500 }),
    number,
    sequence: number,
    recordNumber: number,
    dueNs,
    readyNs: dueNs,
    releasedNs: dueNs + 500,
    readingNs: 0,
    fullNs: 0,
    pacedNs: 0,
    stalledNs: 0,
    sentNs: dueNs + 1000,
    firstAnswerNs: dueNs + 2000,
    doneNs: dueNs + 3000,
    outcome: outcome(),
    ...given,
  } as Operation;
}

/** Blocks of operations that were sent and settled one after the other. */
export function blocksOf(operations: readonly [Operation, Disposition][], flushEvery = Infinity): LogBlock[] {
  const blocks: LogBlockMessage[] = [];
  const recorder = createReplayLogRecorder({
    shard: 0,
    take: (block) => blocks.push(block),
  });
  operations.forEach(([operation, disposition], i) => {
    if (operation.sentNs !== undefined) recorder.onSent(operation, 1);
    recorder.onSettled(operation, disposition, 0);
    if (i % flushEvery === flushEvery - 1) recorder.flush();
  });
  recorder.flush();
  return blocks.map(blockOf);
}

/** A sink that keeps what it gets. */
export function memorySink(): ByteSink & { bytes(): Buffer } {
  const chunks: Uint8Array[] = [];
  return {
    write: async (bytes) => {
      chunks.push(Uint8Array.from(bytes));
    },
    close: async () => {},
    bytes: () => Buffer.concat(chunks),
  };
}

/** A whole log in memory. */
export async function logBytes(blocks: readonly LogBlock[], factsJson = '{}') {
  const sink = memorySink();
  const writer = createReplayLogWriter(sink, HEADER);
  for (const block of blocks) await writer.append(block);
  const seal = await writer.finish({ entriesLost: 0, anchorNs: 1e9, factsJson });
  return { bytes: sink.bytes(), seal };
}

/** The frames of a log, as they lie in the file. */
export function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const span = frameSpan(bytes, at);
    if (span.kind !== 'data') throw new Error(`no frame at ${at}`);
    frames.push(bytes.subarray(at, at + span.sizeBytes));
    at += span.sizeBytes;
  }
  return frames;
}

export async function framesIn(path: string): Promise<Buffer[]> {
  return framesOf(await readFile(path));
}

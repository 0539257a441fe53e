import { join } from 'node:path';
import { createBlockBuilder } from '../../src/trace/block/block-builder.ts';
import { createFileSink } from '../../src/trace/file/file-sink.ts';
import {
  emptyHeader,
  type Loss,
  type TraceHeader,
  type TraceRecord,
  unknownOutcome,
} from '../../src/trace/record/record.ts';
import { createFrameWriter } from '../../src/trace/write/frame-writer.ts';
import { makeRecord as recordAt } from '../support/make-record.ts';

/** 2025-11-21T14:00:00Z. */
export const EPOCH = 1_763_733_600_000_000_000n;
export const SECOND = 1_000_000_000;

export interface SegmentSpec {
  name?: string;
  header?: Partial<TraceHeader>;
  /** Each is one block. */
  blocks: TraceRecord[][];
  closedNs?: number;
  /** Blocks without records that tell of losses, in front of the others and behind them. */
  front?: { closedNs: number; loss: Loss }[];
  tail?: { closedNs: number; loss: Loss }[];
  /** False: as after kill -9, without index and seek table. */
  finish?: boolean;
}

export function makeRecord(startNs: number, changes: Partial<TraceRecord> = {}): TraceRecord {
  return recordAt(startNs, {
    durationNs: 1_000_000,
    session: 'a-h1',
    op: 'recall',
    space: 'default',
    path: `/api/v1/memories/recall?n=${startNs}`,
    body: new TextEncoder().encode(`body ${startNs}`),
    outcome: { ...unknownOutcome(), status: 200, responseBytes: 10 },
    ...changes,
  });
}

/** Writes segments as capture does; returns their paths. */
export async function writeOpLog(folder: string, segments: readonly SegmentSpec[]): Promise<string[]> {
  const paths: string[] = [];
  for (const [number, spec] of segments.entries()) {
    const path = join(folder, spec.name ?? `oplog-20251121T140000Z-a-${number}.trace.zst`);
    await writeSegment(path, spec);
    paths.push(path);
  }
  return paths;
}

async function writeSegment(path: string, spec: SegmentSpec): Promise<void> {
  const header: TraceHeader = {
    ...emptyHeader(),
    epochUnixNs: EPOCH,
    sorted: false,
    tool: 'test',
    source: 'capture',
    origins: ['127.0.0.1:7432'],
    redacted: ['header:authorization'],
    dialect: 'engram',
    runId: 'a',
    ...spec.header,
  };
  const sink = await createFileSink(path);
  const frames = createFrameWriter(sink, header);
  const builder = createBlockBuilder(header.epochUnixNs);
  let latestNs = header.openedNs;
  const tell = async (blocks: SegmentSpec['front'] = []) => {
    for (const { closedNs, loss } of blocks) {
      builder.addLoss(loss);
      await frames.append(builder.close(closedNs));
      latestNs = Math.max(latestNs, closedNs);
    }
  };
  await tell(spec.front);
  for (const block of spec.blocks) {
    for (const record of block) {
      builder.add(record);
      latestNs = Math.max(latestNs, record.startNs + (record.durationNs ?? 0));
    }
    await frames.append(builder.close(latestNs));
  }
  await tell(spec.tail);
  if (spec.finish === false) await sink.close();
  else await frames.finish(spec.closedNs ?? latestNs);
}

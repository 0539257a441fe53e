import type { ByteWriter } from '../trace/bytes/byte-writer.ts';
import type { LogEndless, LogStream } from './log-block.ts';
import { writeSigned } from './zigzag.ts';

/**
 * Writes the fields of one Stream message of proto/engram/replaylog/v1/replay_log.proto; `dueNs` is the due time of its
 * entry.
 */
export function encodeStream(out: ByteWriter, stream: LogStream, dueNs: number): void {
  out.varint(8);
  out.varint(stream.entry);
  out.varint(17);
  out.raw(new Uint8Array(Float64Array.of(stream.timeScale).buffer));
  deltas(out, 3, stream.plannedNs, 0);
  deltas(out, 4, stream.recordedNs, 0);
  deltas(out, 5, stream.sentNs, dueNs);
  deltas(out, 6, stream.receivedNs, dueNs);
  out.varint(56);
  out.varint(stream.untimed);
}

/** Writes the fields of one EndlessAnswer message; `dueNs` is the due time of its entry. */
export function encodeEndless(out: ByteWriter, endless: LogEndless, dueNs: number): void {
  out.varint(8);
  out.varint(endless.entry);
  out.varint(16);
  out.varint(endless.areEventsKnown ? 1 : 0);
  deltas(out, 3, endless.eventNs, dueNs);
  out.varint(32);
  out.varint(endless.untimed);
  out.varint(40);
  out.varint(endless.comments);
}

function deltas(out: ByteWriter, field: number, times: Float64Array, origin: number): void {
  if (times.length === 0) return;
  out.varint((field << 3) | 2);
  const mark = out.beginNested();
  let last = origin;
  for (const time of times) {
    writeSigned(out, time - last);
    last = time;
  }
  out.endNested(mark);
}

import type { GrpcStream } from '../trace/record/record.ts';

/** Recorded offsets, in ns and ascending, of the messages that one side of a stream sent. */
export function recordedOffsets({ messages }: GrpcStream, fromServer: boolean): Float64Array {
  const offsets: number[] = [];
  for (const message of messages) if (message.fromServer === fromServer) offsets.push(message.offsetNs);
  return Float64Array.from(offsets).sort();
}

/** How long after its stream a message is due that was recorded `offsetNs` after it, in whole ns. */
export function scaledOffset(offsetNs: number, timeScale: number): number {
  return Math.round(offsetNs / timeScale);
}

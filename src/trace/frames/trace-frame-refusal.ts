import { MAX_BLOCK_BYTES } from './block-limits.ts';
import type { FrameSpan } from './zstd-frame.ts';

export type DataSpan = FrameSpan & { kind: 'data' };

/** Why a frame is none of a trace file, or would be dangerous to decompress. */
export function traceFrameRefusal(span: DataSpan): string | undefined {
  const { contentBytes } = span;
  if (contentBytes === undefined) return 'a frame that does not say how long its content is';
  if (!span.hasChecksum) return 'a frame without a checksum';
  if (contentBytes > MAX_BLOCK_BYTES) return `a frame that claims ${contentBytes} bytes`;
  if (contentBytes > span.maxContentBytes)
    return `a frame that claims ${contentBytes} bytes and can't hold them`;
  return undefined;
}

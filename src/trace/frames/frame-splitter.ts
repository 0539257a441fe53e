import { refuseUnboundedFrame } from './refuse-unbounded-frame.ts';
import { FRAME_MAGIC, frameHeaderBytes, isSkippable, readU32 } from './zstd-frame.ts';

const CHECKSUM_FLAG = 0x04;
const RLE_BLOCK = 1;

/** What the next bytes are: headers are collected, the rest is passed over; garbage is not looked at any more. */
type State = 'frame' | 'block' | 'garbage';

export interface FrameSplitter {
  /** The bytes are cut when they are asked for: a frame is refused after those before it were handed on. */
  split(chunk: Uint8Array): Generator<Uint8Array>;
  /** Whether the frame at the end of what was given lacks something. */
  readonly isWithinFrame: boolean;
}

/**
 * Cuts a stream of zstd frames so that no piece reaches over the end of a frame. Node's own decompressor stops in
 * silence at a frame's end when the same write has more behind it; so each piece must be a write of its own.
 * Throws `unsupported` for a frame that asks for too much; `name` is for that.
 */
export function createFrameSplitter(name: string): FrameSplitter {
  let state: State = 'frame';
  let header: number[] = [];
  let toPass = 0;
  let endsFrame = false;
  let hasChecksum = false;

  const expect = (next: State, bytes: number, thenEnds: boolean) => {
    header = [];
    state = next;
    toPass = bytes;
    endsFrame = thenEnds;
  };
  const takeFrameHeader = () => {
    const bytes = Uint8Array.from(header);
    const magic = readU32(bytes, 0);
    if (isSkippable(magic)) {
      if (header.length === 8) expect('frame', readU32(bytes, 4), true);
    } else if (magic !== FRAME_MAGIC) expect('garbage', Number.POSITIVE_INFINITY, false);
    else if (header.length === frameHeaderBytes(header[4])) {
      refuseUnboundedFrame(bytes, name);
      hasChecksum = ((header[4] ?? 0) & CHECKSUM_FLAG) !== 0;
      expect('block', 0, false);
    }
  };
  const takeBlockHeader = () => {
    const bits = readU32(Uint8Array.from(header), 0);
    const isLast = (bits & 1) === 1;
    const bytes = ((bits >> 1) & 3) === RLE_BLOCK ? 1 : bits >> 3;
    expect(isLast ? 'frame' : 'block', bytes + (isLast && hasChecksum ? 4 : 0), isLast);
  };
  return {
    get isWithinFrame() {
      return state !== 'garbage' && (state === 'block' || toPass > 0 || header.length > 0);
    },
    *split(chunk) {
      let start = 0;
      let at = 0;
      while (at < chunk.length) {
        if (toPass > 0) {
          const passed = Math.min(toPass, chunk.length - at);
          toPass -= passed;
          at += passed;
        } else {
          header.push(chunk[at++] ?? 0);
          if (state === 'frame' && header.length >= 4) takeFrameHeader();
          else if (state === 'block' && header.length === 3) takeBlockHeader();
        }
        if (toPass > 0 || !endsFrame) continue;
        endsFrame = false;
        yield chunk.subarray(start, at);
        start = at;
      }
      if (start < chunk.length) yield chunk.subarray(start);
    },
  };
}

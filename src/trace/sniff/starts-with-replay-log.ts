const HEADER_TAG = 10;
const VERSION_TAG = 8;

/**
 * Whether content of a first frame is that of a replay log, which is no trace: a message with its length in front, that
 * holds a message, which begins with a format version. docs/replay-log.md has the rest.
 */
export function startsWithReplayLog(content: Uint8Array): boolean {
  const frameAt = varintEnd(content, 0);
  if (frameAt === undefined || content[frameAt] !== HEADER_TAG) return false;
  const headerAt = varintEnd(content, frameAt + 1);
  return headerAt !== undefined && content[headerAt] === VERSION_TAG;
}

function varintEnd(bytes: Uint8Array, from: number): number | undefined {
  const end = bytes.subarray(from, from + 5).findIndex((byte) => byte < 128);
  return end < 0 ? undefined : from + end + 1;
}

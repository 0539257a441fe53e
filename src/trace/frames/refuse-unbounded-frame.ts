import { EngramTraceError } from '../../error.ts';
import { frameDemands } from './zstd-frame.ts';

/** What `zstd` itself allows without being asked. A frame's window is held in memory while it is read. */
export const MAX_ZSTD_WINDOW_BYTES = 128 * 1024 * 1024;
const LONGEST_LOG = 31;

/** Throws `unsupported` for a frame, by its header, that can't be read from a stream in bounded memory, or not at all. */
export function refuseUnboundedFrame(header: Uint8Array, name: string): void {
  const { windowBytes, dictionaryId } = frameDemands(header);
  const file = name === '-' ? '' : ` ${name}`;
  if (dictionaryId !== 0) {
    throw new EngramTraceError('unsupported', `compressed with a dictionary (number ${dictionaryId})`, {
      where: name,
      hint: `Pipe it in: zstd -dc -D DICTIONARY${file} | engram-trace … - (DICTIONARY is the file it was compressed with).`,
    });
  }
  if (windowBytes > MAX_ZSTD_WINDOW_BYTES) {
    const long = Math.min(LONGEST_LOG, Math.ceil(Math.log2(windowBytes)));
    throw new EngramTraceError(
      'unsupported',
      `compressed with a window of ${binarySize(windowBytes)}, and at most 128 MiB is read`,
      {
        where: name,
        hint: `Pipe it in: zstd -dc --long=${long}${file} | engram-trace … - (or compress it again without --long).`,
      },
    );
  }
}

function binarySize(bytes: number): string {
  const inMiB = bytes / 2 ** 20;
  return inMiB < 1024 ? `${Number(inMiB.toFixed(1))} MiB` : `${Number((inMiB / 1024).toFixed(2))} GiB`;
}

import { createReadStream } from 'node:fs';
import { EngramTraceError } from '../../error.ts';
import { FRAME_MAGIC, readU32 } from '../../trace/frames/zstd-frame.ts';

/** A document of weeks with all its histograms has some 10 MB. */
const MOST_BYTES = 256 * 1024 * 1024;

/** What JSON a file holds; `hint` says what to do where it is a replay log, or a trace. */
export async function readResults(path: string, hint: string): Promise<unknown> {
  const bytes = await bytesOf(path);
  if (readU32(bytes, 0) === FRAME_MAGIC) {
    const message = 'it is compressed by zstd, as a replay log is, where the results belong';
    throw new EngramTraceError('usage', message, { where: path, hint });
  }
  const document = parsed(bytes, path);
  if ((document as { kind?: unknown } | null)?.kind !== 'suite') return document;
  throw new EngramTraceError('usage', 'it is the document of a suite, which holds one of each run', {
    where: path,
    hint: "take out that of the first: jq '.runs[0].results' FILE > run.json",
  });
}

function parsed(bytes: Buffer, path: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
  } catch (thrown) {
    throw new EngramTraceError('bad_record', 'it is no JSON', { where: path, cause: thrown });
  }
}

/** A device or a pipe may have no end. */
async function bytesOf(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of createReadStream(path)) {
      chunks.push(chunk as Buffer);
      sizeBytes += (chunk as Buffer).length;
      if (sizeBytes > MOST_BYTES) break;
    }
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const words = code === 'ENOENT' ? 'there is no such file' : message;
    throw new EngramTraceError('io', words, { where: path, cause: thrown });
  }
  if (sizeBytes <= MOST_BYTES) return Buffer.concat(chunks, sizeBytes);
  throw new EngramTraceError('bad_record', 'it is larger than any results document (256 MiB)', {
    where: path,
  });
}

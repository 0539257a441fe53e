import { readFile } from 'node:fs/promises';
import { EngramTraceError } from '../../error.ts';
import { FRAME_MAGIC, readU32 } from '../../trace/frames/zstd-frame.ts';

/** What JSON a file holds; `hint` says what to do where it is a replay log, or a trace. */
export async function readResults(path: string, hint: string): Promise<unknown> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const message = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new EngramTraceError('io', message, { where: path, cause: error });
  });
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
    return JSON.parse(bytes.toString('utf8'));
  } catch (thrown) {
    throw new EngramTraceError('bad_record', 'it is no JSON', { where: path, cause: thrown });
  }
}

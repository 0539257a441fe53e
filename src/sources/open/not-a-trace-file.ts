import { EngramTraceError } from '../../error.ts';
import { chunksOfFile } from '../../trace/sniff/unpack-chunks.ts';
import { findSource } from './find-source.ts';

/** Makes the error for a file that was opened as a trace file and is none: it tells what the file is instead. */
export async function notATraceFile(thrown: unknown, path: string): Promise<unknown> {
  if (!(thrown instanceof EngramTraceError) || thrown.code !== 'not_a_trace') return thrown;
  try {
    const found = await findSource(chunksOfFile(path), path);
    if (found === 'trace file') return thrown;
    const message = `it is ${found.source.description}, and this needs a trace file`;
    const hint = 'Turn it into one first: engram-trace convert.';
    return new EngramTraceError('not_a_trace', message, { where: path, hint });
  } catch (better) {
    return better;
  }
}

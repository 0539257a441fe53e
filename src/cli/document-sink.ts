import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { EngramTraceError } from '../error.ts';
import { createFileSink, type FileSink } from '../trace/file/file-sink.ts';
import { isStdout } from './is-stdout.ts';
import { jsonText, openDocumentStdout } from './stdout.ts';

const LONGEST_END = 60;

/** Where a command's document goes: a file that appears when it is whole, or stdout. */
export interface DocumentSink {
  /**
   * Writes the document and puts it in place. Returns why it is not there, with where it is instead: what was measured
   * for hours must not be lost with a disk.
   */
  deliver(document: object): Promise<EngramTraceError | undefined>;
  /** Gives up: removes what was written. Does nothing after `deliver`. */
  abort(): Promise<void>;
}

/** Opens a document's place; throws `usage` for a file that exists, unless forced. */
export async function openDocumentSink(path: string, force: boolean | undefined): Promise<DocumentSink> {
  if (isStdout(path)) {
    return { deliver: (document) => writeToStdout(bytesOf(document)), abort: async () => {} };
  }
  const sink = await createFileSink(path, { force });
  return { deliver: (document) => deliverTo(sink, path, bytesOf(document)), abort: () => sink.abort() };
}

async function deliverTo(
  sink: FileSink,
  path: string,
  bytes: Uint8Array,
): Promise<EngramTraceError | undefined> {
  try {
    await sink.write(bytes);
    await sink.close();
    return undefined;
  } catch (thrown) {
    const error = EngramTraceError.from(thrown, 'io', { where: path });
    await sink.abort();
    return sink.keptIn === undefined ? await elsewhere(error, path, bytes) : error;
  }
}

/** The folder for temporary files may be on another disk; stdout is there in any case. */
async function elsewhere(
  { message, where, hint, cause }: EngramTraceError,
  path: string,
  bytes: Uint8Array,
): Promise<EngramTraceError> {
  const at = (place: string) =>
    new EngramTraceError('io', `${message}; what was measured is ${place}`, { where, hint, cause });
  const name = `engram-trace-${randomBytes(4).toString('hex')}-${basename(path).slice(-LONGEST_END)}`;
  const second = join(tmpdir(), name);
  try {
    await writeWhole(second, bytes);
    return at(`in ${second}`);
  } catch {
    return at(
      (await writeToStdout(bytes)) === undefined ? 'on stdout' : 'lost: stdout did not take it either',
    );
  }
}

async function writeToStdout(bytes: Uint8Array): Promise<EngramTraceError | undefined> {
  const sink = openDocumentStdout();
  try {
    await sink.write(bytes);
    await sink.close();
    return undefined;
  } catch (thrown) {
    return EngramTraceError.from(thrown, 'io', { where: 'stdout' });
  }
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const sink = await createFileSink(path);
  try {
    await sink.write(bytes);
    await sink.close();
  } finally {
    await sink.abort();
  }
}

function bytesOf(document: object): Uint8Array {
  return Buffer.from(jsonText(document, 2));
}

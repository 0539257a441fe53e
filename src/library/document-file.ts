import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { EngramTraceError } from '../error.ts';
import { createFileSink, type FileSink } from '../trace/file/file-sink.ts';
import { jsonText } from '../visible-text.ts';

const LONGEST_END = 60;

/** Where a document goes: a file that appears when it is whole, or a stream. */
export interface DocumentSink {
  /**
   * Writes the document and puts it in place. Returns why it is not there, with where it is instead: what was measured
   * for hours must not be lost with a disk.
   */
  deliver(document: object): Promise<EngramTraceError | undefined>;
  /** Gives up: removes what was written. Does nothing after `deliver`. */
  abort(): Promise<void>;
}

export interface DocumentFileOptions {
  /** Replace a file that exists. */
  force?: boolean | undefined;
  /** Takes the document where no disk does, and tells where that is; undefined: it did not. */
  lastResort?: ((bytes: Uint8Array) => Promise<string | undefined>) | undefined;
}

/** Opens the file of a document; throws `usage` for one that exists, unless forced. */
export async function openDocumentFile(
  path: string,
  { force, lastResort }: DocumentFileOptions = {},
): Promise<DocumentSink> {
  const sink = await createFileSink(path, { force });
  return {
    deliver: (document) => deliverTo(sink, path, documentBytes(document), lastResort),
    abort: () => sink.abort(),
  };
}

/** A document as it is written: JSON in lines. */
export function documentBytes(document: object): Uint8Array {
  return Buffer.from(jsonText(document, 2));
}

async function deliverTo(
  sink: FileSink,
  path: string,
  bytes: Uint8Array,
  lastResort: DocumentFileOptions['lastResort'],
): Promise<EngramTraceError | undefined> {
  try {
    await sink.write(bytes);
    await sink.close();
    return undefined;
  } catch (thrown) {
    const error = EngramTraceError.from(thrown, 'io', { where: path });
    await sink.abort();
    return sink.keptIn === undefined ? await elsewhere(error, path, bytes, lastResort) : error;
  }
}

/** The folder for temporary files may be on another disk. */
async function elsewhere(
  { message, where, hint, cause }: EngramTraceError,
  path: string,
  bytes: Uint8Array,
  lastResort: DocumentFileOptions['lastResort'],
): Promise<EngramTraceError> {
  const at = (place: string) =>
    new EngramTraceError('io', `${message}; what was measured is ${place}`, { where, hint, cause });
  const name = `engram-trace-${randomBytes(4).toString('hex')}-${basename(path).slice(-LONGEST_END)}`;
  const second = join(tmpdir(), name);
  try {
    await writeWhole(second, bytes);
    return at(`in ${second}`);
  } catch {
    return at((await lastResort?.(bytes)) ?? 'lost: the folder for temporary files did not take it either');
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

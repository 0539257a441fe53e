import { EngramTraceError } from '../../error.ts';
import { type DocumentSink, documentBytes, openDocumentFile } from '../../library/document-file.ts';
import { isStdout } from './is-stdout.ts';
import { openDocumentStdout } from './stdout.ts';

/** Opens the place of a command's document, a file or stdout; throws `usage` for a file that exists, unless forced. */
export async function openDocumentSink(path: string, force: boolean | undefined): Promise<DocumentSink> {
  if (isStdout(path)) {
    return { deliver: (document) => writeToStdout(documentBytes(document)), abort: async () => {} };
  }
  return openDocumentFile(path, {
    force,
    // It is there in any case.
    lastResort: async (bytes) =>
      (await writeToStdout(bytes)) === undefined ? 'on stdout' : 'lost: stdout did not take it either',
  });
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

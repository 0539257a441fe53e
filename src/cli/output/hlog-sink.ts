import { EngramTraceError } from '../../error.ts';
import type { DocumentSink } from '../../library/document-file.ts';
import type { ResultsDocument } from '../../results/document/results-document.ts';
import { createFileSink } from '../../trace/file/file-sink.ts';

/** Opens the file of `--hlog`, which takes a results document as HdrHistogram's interval log; throws `usage` for one that exists. */
export async function openHlogSink(path: string, force: boolean | undefined): Promise<DocumentSink> {
  const sink = await createFileSink(path, { force });
  return {
    deliver: async (document) => {
      try {
        const { convertResults } = await import('../../conversions/convert-results.ts');
        await sink.write(Buffer.from(convertResults(document as ResultsDocument, 'hlog')));
        await sink.close();
        return undefined;
      } catch (thrown) {
        await sink.abort();
        return EngramTraceError.from(thrown, 'io', { where: path });
      }
    },
    abort: () => sink.abort(),
  };
}

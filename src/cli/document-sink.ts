import { createFileSink, createStreamSink, type FileSink } from '../trace/file-sink.ts';

/** Where a command's document goes: a file that appears when it is whole, or stdout for `-`. */
export async function openDocumentSink(
  path: string,
  force: boolean | undefined,
): Promise<Pick<FileSink, 'write' | 'close' | 'abort'>> {
  if (path !== '-') return createFileSink(path, { force });
  return { ...createStreamSink(process.stdout), abort: async () => {} };
}

import { existsSync, readFileSync, statSync } from 'node:fs';
import { EngramTraceError } from '../../error.ts';
import type { DocumentSink } from '../../library/document-file.ts';
import { openDocumentSink } from './document-sink.ts';
import { isStdout } from './is-stdout.ts';
import { printWarning } from './warnings.ts';

/** Where the document of a suite goes: a file that is whole after every run, or a stream, at the end. */
export interface SuiteOutput {
  /** Puts the document as it is now in its place. What does not go there is warned of. */
  save(document: object): Promise<void>;
  /** Writes what only the end may write. Returns why the last document is not in its place. */
  finish(document: object): Promise<EngramTraceError | undefined>;
  /** Removes what is half written. */
  abort(): Promise<void>;
}

/** Opens it; throws `usage` for a file that exists, unless forced. */
export async function openSuiteOutput(path: string, force: boolean): Promise<SuiteOutput> {
  const isFile = !isStdout(path) && (!existsSync(path) || statSync(path).isFile());
  // The first one now: a place that takes nothing is known before hours of measuring.
  let sink: DocumentSink | undefined = await openDocumentSink(path, force);
  let undelivered: EngramTraceError | undefined;
  const deliver = async (document: object): Promise<void> => {
    sink ??= await openDocumentSink(path, true);
    undelivered = await sink.deliver(document);
    sink = undefined;
  };
  return {
    save: async (document) => {
      if (!isFile) return;
      await deliver(document).catch((thrown: unknown) => {
        undelivered = EngramTraceError.from(thrown, 'io', { where: path });
      });
      if (undelivered !== undefined) printWarning(`${undelivered.where ?? path}: ${undelivered.message}`);
    },
    finish: async (document) => {
      if (!isFile) await deliver(document);
      await sink?.abort();
      return undelivered;
    },
    abort: async () => sink?.abort(),
  };
}

/** The document that an earlier run of a suite left; undefined where there is none. Throws `usage` for what is no JSON. */
export function earlierDocument(path: string): unknown {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (thrown) {
    throw new EngramTraceError('usage', "this is no document of a suite, and can't be gone on with", {
      where: path,
      hint: '--force begins anew',
      cause: thrown,
    });
  }
}

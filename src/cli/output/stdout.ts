import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { EngramTraceError } from '../../error.ts';
import { createStreamSink } from '../../trace/file/file-sink.ts';
import type { ByteSink } from '../../trace/trace.ts';
import { jsonText, linesText, visibleJson } from '../../visible-text.ts';
import { EXIT } from '../exit/exit-code.ts';
import { openOutlet } from '../people/outlet.ts';

/** Data waits for whoever takes it, and keeps the process alive. */
const DATA = { retryMs: 5, keepsAlive: true };

/** Writes to stdout, with back-pressure. `gone`: its reader left, and what is written is dropped. */
interface DataSink extends ByteSink {
  readonly gone: boolean;
}

/** Writes text for people that a command was asked for. A reader who has seen enough (`| head`) is no error. */
export async function printText(text: string): Promise<void> {
  await printTo(openDataSink(), text);
}

/** The same from lines, each of them shown by `visibleText`. */
export function printLines(lines: readonly string[]): Promise<void> {
  return printText(linesText(lines));
}

/** Writes one JSON document. Throws `io` where not all of it could be delivered. */
export async function printJson(value: unknown, indent?: number): Promise<void> {
  const sink = openDocumentStdout();
  await printTo(sink, jsonText(value, indent));
}

/** Opens stdout for a document that has to arrive whole: a reader that leaves before its end is an error. */
export function openDocumentStdout(): ByteSink {
  const sink = openDataSink();
  return {
    write: (bytes) => sink.write(bytes),
    async close() {
      await sink.close();
      if (sink.gone) throw undelivered();
    },
  };
}

/**
 * Opens stdout for records: `… | head` ends the command, and quietly. On a terminal NDJSON is shown as `jsonText` shows
 * it.
 */
export function openRecordStdout(isText: boolean): ByteSink {
  const sink = openDataSink();
  const shown = isText && isatty(1);
  return {
    async write(bytes) {
      await sink.write(shown ? Buffer.from(visibleJson(Buffer.from(bytes).toString())) : bytes);
      // Node would go on reading a trace that nobody wants any more.
      if (sink.gone) process.exit(process.exitCode ?? EXIT.ok);
    },
    close: () => sink.close(),
  };
}

async function printTo(sink: ByteSink, text: string): Promise<void> {
  await sink.write(Buffer.from(text));
  await sink.close();
}

function openDataSink(): DataSink {
  const found = fstatSync(1);
  // Node writes pipes and sockets without waiting, and is told by the system when there is room.
  if (found.isFIFO() || found.isSocket()) return told(createStreamSink(process.stdout));
  const outlet = openOutlet(1, DATA);
  return told({ gone: false, write: (bytes) => outlet.write(bytes), close: async () => {} });
}

/** Makes a sink whose errors say that they come from stdout. */
function told(sink: DataSink): DataSink {
  const naming = (work: Promise<void>): Promise<void> =>
    work.catch((cause: Error) => {
      throw new EngramTraceError('io', cause.message, { where: 'stdout', cause });
    });
  return {
    get gone() {
      return sink.gone;
    },
    write: (bytes) => naming(sink.write(bytes)),
    close: () => naming(sink.close()),
  };
}

function undelivered(): EngramTraceError {
  return new EngramTraceError('io', 'the reader left before it had everything', { where: 'stdout' });
}

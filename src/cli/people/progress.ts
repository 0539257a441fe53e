import { isatty } from 'node:tty';
import { visibleText } from '../../visible-text.ts';
import { stderrQueue } from './people.ts';

/** A line for people about work that goes on; texts are made only when they are shown. */
export interface Progress {
  /** Shows `text` if it is time to. Cheap enough to call per batch. */
  update(text: () => string): void;
  /** Passes batches on and updates with each; stops with the last one, or when something goes wrong. */
  watch<T>(batches: AsyncIterable<T>, text: () => string): AsyncIterable<T>;
  /** Removes the line on a terminal; call it before anything else is printed. */
  stop(): void;
}

export interface ProgressOptions {
  quiet?: boolean | undefined;
  stream?: ProgressStream;
  nowMs?: () => number;
}

/** Where the line is shown. A write is dropped rather than waited for. */
export interface ProgressStream {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
  /** Whether what was shown before is out. */
  readonly isIdle: boolean;
  write(text: string): void;
}

const TTY_EVERY_MS = 100;
const LINE_EVERY_MS = 5_000;
const SILENT: Progress = { update: () => {}, watch: (batches) => batches, stop: () => {} };

/** On a terminal one line that is rewritten, else a line every 5 s; nothing when quiet. Writes to stderr. */
export async function createProgress(options: ProgressOptions = {}): Promise<Progress> {
  const { quiet = false, stream = STDERR, nowMs = () => performance.now() } = options;
  if (quiet) return SILENT;
  // A terminal that tells no size (0 columns, 0 rows) could not be rewritten line by line.
  if (!stream.isTTY || !stream.columns || !stream.rows) {
    return paced(
      LINE_EVERY_MS,
      nowMs,
      (text) => stream.write(`${visibleText(text)}\n`),
      () => {},
    );
  }
  const { createLogUpdate } = await import('log-update');
  // The cursor stays: what brings it back at the end of the process writes to the terminal, and waits for it.
  const line = createLogUpdate(stream as unknown as NodeJS.WriteStream, { showCursor: true });
  // A terminal that is stopped (Ctrl-S) gets the newest line when it goes on, not all of them.
  const show = (text: string): void => {
    if (stream.isIdle) line(visibleText(text));
  };
  return paced(TTY_EVERY_MS, nowMs, show, () => {
    line.clear();
    line.done();
  });
}

const STDERR: ProgressStream = {
  isTTY: isatty(2),
  get columns() {
    return process.stderr.columns;
  },
  get rows() {
    return process.stderr.rows;
  },
  get isIdle() {
    return stderrQueue().isIdle;
  },
  write: (text) => stderrQueue().say(text),
};

function paced(
  everyMs: number,
  nowMs: () => number,
  show: (text: string) => void,
  stop: () => void,
): Progress {
  let dueMs = nowMs() + everyMs;
  let isShown = false;
  const update = (text: () => string) => {
    if (nowMs() < dueMs) return;
    show(text());
    isShown = true;
    dueMs = nowMs() + everyMs;
  };
  async function* watch<T>(batches: AsyncIterable<T>, text: () => string): AsyncGenerator<T> {
    try {
      for await (const batch of batches) {
        update(text);
        yield batch;
      }
    } finally {
      // What was shown must not end with a number that is not the last one.
      if (isShown) show(text());
      stop();
    }
  }
  return { update, watch, stop };
}

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { EngramTraceError } from '../error.ts';
import { createFileSink, type FileSink } from '../trace/file/file-sink.ts';
import { blockOf, type LogBlockMessage } from './log-block.ts';
import type { FromLogWorker, LogFailure, LogWorkerStart, ToLogWorker } from './log-worker-messages.ts';
import { createReplayLogWriter, type ReplayLogWriter } from './replay-log-writer.ts';

// The thread that encodes, compresses and writes a replay log. One message after the other.

const { path, force, header } = workerData as LogWorkerStart;
const port = parentPort as MessagePort;
let sink: FileSink | undefined;
let writer: ReplayLogWriter | undefined;
let failure: LogFailure | undefined;
let last: Promise<void> = open();

port.on('message', (message: ToLogWorker) => {
  last = last.then(() => take(message));
});

async function open(): Promise<void> {
  try {
    sink = await createFileSink(path, { force });
    writer = createReplayLogWriter(sink, header);
  } catch (thrown) {
    failure = failureOf(thrown);
  }
  post({ kind: 'ready', failure });
}

async function take(message: ToLogWorker): Promise<void> {
  if (message.kind === 'block') await put(message.block);
  else if (message.kind === 'finish') await end(async () => writer?.finish(message.end));
  else if (message.kind === 'close') await end(async () => void (await keep()));
  else await end(async () => void (await sink?.abort()));
}

/** After a failure nothing more is written: what is in the file stays a whole beginning of the log. */
async function put(block: LogBlockMessage): Promise<void> {
  if (failure === undefined) {
    try {
      await writer?.append(blockOf(block));
    } catch (thrown) {
      failure = failureOf(thrown);
    }
  }
  const entriesLost = failure === undefined ? 0 : block.count;
  post({ kind: 'written', memory: block.memory, entriesLost }, [block.memory]);
}

async function end(action: () => Promise<Awaited<ReturnType<ReplayLogWriter['finish']>> | undefined>) {
  let seal: Awaited<ReturnType<ReplayLogWriter['finish']>> | undefined;
  try {
    if (failure === undefined) seal = await action();
  } catch (thrown) {
    failure = failureOf(thrown);
  }
  if (failure !== undefined) failure = { ...failure, kept: await keep() };
  post({ kind: 'ended', seal, failure });
  port.close();
}

/** A beginning of a log is better than none, but replaces nothing: what is there may be a whole one. */
async function keep(): Promise<string | undefined> {
  return sink?.keep().catch(() => undefined);
}

function post(message: FromLogWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function failureOf(thrown: unknown): LogFailure {
  const { code, message, where, hint } = EngramTraceError.from(thrown, 'io');
  return { code, message, where, hint };
}

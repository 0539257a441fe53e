import { randomBytes } from 'node:crypto';
import type { Dialect } from '../dialects/dialect.ts';
import { engramDialect } from '../dialects/engram.ts';
import { DEFAULT_OPLOG } from '../op-log-folder.ts';
import { refuseUnknownOptions } from '../refuse-unknown-options.ts';
import { TOOL } from '../version.ts';
import { type CaptureClock, createCaptureClock } from './capture-clock.ts';
import {
  type CaptureListener,
  type CaptureListenerOptions,
  captureListener,
} from './relay/capture-listener.ts';

/** What a capture records, where it listens, and where the op log goes. */
export interface CaptureOptions {
  /**
   * Either or both: a server's address (`:7432`, `https://host`), or more about it. A listener takes HTTP/1 and HTTP/2
   * alike; they differ in the protocols offered over TLS.
   */
  readonly http?: string | CaptureListenerOptions | undefined;
  readonly grpc?: string | CaptureListenerOptions | undefined;
  /** `oplog` in the current folder where undefined; made if it is missing. */
  readonly oplogDirectory?: string | undefined;
  readonly clock?: CaptureClock | undefined;
  /** Letters and digits; new for each run, by chance where undefined. */
  readonly runId?: string | undefined;
  /**
   * Processes that share the addresses; 1 where undefined. With more than one, `bufferBytes` is split evenly, the clock is
   * the real one and the dialect is found by its name.
   */
  readonly relays?: number | undefined;
  /** Program and version, for the header. */
  readonly tool?: string | undefined;
  /** Names the operations; Engram's where undefined. */
  readonly dialect?: Dialect | undefined;
  readonly segmentAgeNs?: number | undefined;
  readonly segmentBytes?: number | undefined;
  readonly retainAgeNs?: number | undefined;
  readonly retainBytes?: number | undefined;
  /** Of one request, or of all messages of one call. */
  readonly maxBodyBytes?: number | undefined;
  /** The memory for all that capture holds: requests and answers in flight, and records that wait for the disk. */
  readonly bufferBytes?: number | undefined;
  readonly keepResponses?: boolean | undefined;
  /** Names and globs of what to replace, and what to keep, beyond what names and values tell by themselves. */
  readonly redactHeaders?: readonly string[] | undefined;
  readonly keepHeaders?: readonly string[] | undefined;
  readonly redactQuery?: readonly string[] | undefined;
  readonly keepQuery?: readonly string[] | undefined;
  /** Looks into bodies too: for fields of the names that hold for the query. */
  readonly redactBodies?: boolean | undefined;
  /** How long `close` waits for what is in flight. */
  readonly graceMs?: number | undefined;
  /** How long `close` waits for the disk once nothing is in flight any more. */
  readonly diskWaitMs?: number | undefined;
  /** Told what people should know while capture runs, one sentence each time. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

/** All there are: the compiler finds one that is missing. */
const OPTIONS: Record<keyof CaptureOptions, true> = {
  http: true,
  grpc: true,
  oplogDirectory: true,
  clock: true,
  runId: true,
  relays: true,
  tool: true,
  dialect: true,
  segmentAgeNs: true,
  segmentBytes: true,
  retainAgeNs: true,
  retainBytes: true,
  maxBodyBytes: true,
  bufferBytes: true,
  keepResponses: true,
  redactHeaders: true,
  keepHeaders: true,
  redactQuery: true,
  keepQuery: true,
  redactBodies: true,
  graceMs: true,
  diskWaitMs: true,
  onWarning: true,
};

/** The options with everything that a capture can't be without. */
export interface CaptureSettings extends CaptureOptions {
  readonly http: CaptureListener | undefined;
  readonly grpc: CaptureListener | undefined;
  readonly oplogDirectory: string;
  readonly clock: CaptureClock;
  readonly runId: string;
  /** What the sessions of the run begin with. */
  readonly sessionPrefix: string;
  readonly tool: string;
  readonly dialect: Dialect;
}

/** Fills in what is left out. Throws `usage` for an address or an option that is none. */
export function captureSettings(given: CaptureOptions): CaptureSettings {
  refuseUnknownOptions(given, OPTIONS, 'of startCapture');
  const {
    http,
    grpc,
    oplogDirectory = DEFAULT_OPLOG,
    clock = createCaptureClock(),
    runId = randomBytes(4).toString('hex'),
    tool = TOOL,
    dialect = engramDialect,
    onWarning = (text) => process.emitWarning(text, 'EngramTraceWarning'),
    ...rest
  } = given;
  const listeners = { http: listenerOf(http), grpc: listenerOf(grpc) };
  const sessionPrefix = runId.slice(0, 8);
  return { ...rest, ...listeners, oplogDirectory, clock, runId, sessionPrefix, tool, dialect, onWarning };
}

function listenerOf(given: CaptureOptions['http']): CaptureListener | undefined {
  return given === undefined ? undefined : captureListener(given);
}

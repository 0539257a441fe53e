import type { Dialect } from '../dialects/dialect.ts';
import type { CaptureClock } from './capture-clock.ts';
import type { Endpoint } from './endpoint.ts';
import type { ListenerTls } from './relay.ts';
import type { UpstreamTls } from './upstream.ts';

/** One address clients connect to, and the server behind it. */
export interface CaptureListener {
  readonly listen: Endpoint;
  readonly upstream: Endpoint;
  readonly listenTls?: ListenerTls | undefined;
  readonly upstreamTls?: UpstreamTls | undefined;
}

/** Where capture listens, what it keeps of what it sees, and how much of it. */
export interface CaptureOptions {
  /** Either or both. A listener takes HTTP/1 and HTTP/2 alike; they differ in the protocols offered over TLS. */
  readonly http?: CaptureListener | undefined;
  readonly grpc?: CaptureListener | undefined;
  readonly oplogDirectory: string;
  readonly clock: CaptureClock;
  /** Letters and digits; new for each run. */
  readonly runId: string;
  /** Program and version, for the header. */
  readonly tool: string;
  readonly dialect: Dialect;
  readonly segmentAgeNs?: number | undefined;
  readonly segmentBytes?: number | undefined;
  readonly retainAgeNs?: number | undefined;
  readonly retainBytes?: number | undefined;
  /** Of one request, or of all messages of one call. */
  readonly maxBodyBytes?: number | undefined;
  /** What all that capture holds may cost: requests and answers in flight, and records that wait for the disk. */
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
  /** How long `close` then waits for the disk. */
  readonly diskWaitMs?: number | undefined;
  /** Told what people should know while capture runs, one sentence each time. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

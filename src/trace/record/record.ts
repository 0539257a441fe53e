/** Names and values by turns, in wire order: `['content-type', 'application/json', …]`. Shared: never change one. */
export type HeaderList = readonly string[];

export type Protocol = 'http' | 'grpc';

/** A version of HTTP/1 that is not the usual one. */
export type HttpVersion = '1.0';

/** One operation: when it started, who sent it, the bytes that went out, what came back. */
export interface TraceRecord {
  /** Start, in integer ns from the header's epoch. Exact to 2^53 ns (104 days). */
  startNs: number;
  /** From the start to the last byte of the answer or the failure, in ns; undefined where the source has none. */
  durationNs: number | undefined;
  /** Connection or client. Order inside a session is kept by replay. */
  session: string;
  /** Name the dialect gave: `remember`, `recall`, … */
  op: string;
  /** Memory space or tenant; '' where there is none. */
  space: string;
  protocol: Protocol;
  /** `1.0` where the request was sent as HTTP/1.0; undefined for HTTP/1.1, and for all that is no HTTP/1. */
  httpVersion: HttpVersion | undefined;
  /** HTTP method; `POST` for gRPC. */
  method: string;
  /** Request target as sent, query included; for gRPC `/package.Service/Method`. */
  path: string;
  /** HTTP headers or gRPC metadata as sent, framing headers included; secrets already replaced. */
  headers: HeaderList;
  /** Request body; of a gRPC call without `stream`, its one message (without the 5 bytes of framing). A view, not a copy. */
  body: Uint8Array;
  /** `body` (a gRPC message) is compressed with the call's grpc-encoding. */
  bodyCompressed: boolean;
  /** Request bytes seen on the wire and missing from `body` or `stream`; 0 when the record is whole. */
  bodyBytesMissing: number;
  /** gRPC deadline, ns from the start. */
  deadlineNs: number | undefined;
  /** Set for each gRPC call that is not one message out, half-close, at most one message back. */
  stream: GrpcStream | undefined;
  outcome: Outcome;
}

/** Makes none, one or several records of one, which it may change and give back. */
export type RecordMap = (record: TraceRecord) => TraceRecord | readonly TraceRecord[] | undefined;

/** A gRPC stream, message by message. Offsets are ns from the record's start. */
export interface GrpcStream {
  messages: StreamMessage[];
  halfCloseNs: number | undefined;
  /** When the client reset the stream. */
  cancelNs: number | undefined;
}

export interface StreamMessage {
  fromServer: boolean;
  offsetNs: number;
  data: Uint8Array;
  /** Bytes on the wire; more than `data` holds when the data was not kept. */
  sizeBytes: number;
  compressed: boolean;
}

/** What came back for a request: the status, and the answer as far as it was kept. */
export interface Outcome {
  /** HTTP status or gRPC status code; undefined when none was seen. */
  status: number | undefined;
  ok: boolean;
  /** '' or why there is no whole answer: `client_aborted`, `upstream_unreachable`, `upstream_reset`, `incomplete`, … */
  error: string;
  responseBytes: number;
  /** CRC-32 (zlib's) of the response bytes. */
  responseCrc32: number | undefined;
  itemCount: number | undefined;
  /** The response body or message, where it was kept. */
  response: Uint8Array | undefined;
}

/** Counts of what is known to be missing. Nothing downstream forgets them. */
export interface Loss {
  /** Operations seen and not recorded. */
  recordsDropped: number;
  bodiesTruncated: number;
  bodyBytesTruncated: number;
  /** Left out on purpose by sampling. */
  recordsSampledOut: number;
  /** Outside the reorder window of a pipe. */
  recordsLate: number;
  blocksDamaged: number;
  /** Records the index said the damaged blocks held. */
  recordsDamaged: number;
  /** Connections on which from some moment on nobody could tell one operation from the next. */
  connectionsUnfollowed: number;
  /** The bytes that clients sent on those connections from then on. */
  bytesUnfollowed: number;
  /** Segments of an op log that are missing, can't be read, or lack their end; nobody knows what they held. */
  segmentsIncomplete: number;
}

export interface TimeWindow {
  /** ns from the epoch, inclusive. */
  startNs: number;
  /** ns from the epoch, exclusive. */
  endNs: number;
}

export interface Gap extends TimeWindow {
  reason: string;
}

/** What a trace says of itself before its first record. */
export interface TraceHeader {
  formatVersion: number;
  /** Wall clock, Unix ns, that all times count from. */
  epochUnixNs: bigint;
  /** Resolution of the source's clock in ns: 1 for capture. */
  resolutionNs: number;
  /** Blocks are in the order of their first start (records in a block always are). */
  sorted: boolean;
  /** Program and version that wrote the file. */
  tool: string;
  /** `capture`, `export`, `filter`, … */
  source: string;
  /** Authorities (host:port) the traffic was addressed to. */
  origins: string[];
  /** What was removed: `header:authorization`, `query:api_key`, … */
  redacted: string[];
  dialect: string;
  window: TimeWindow | undefined;
  gaps: Gap[];
  notes: string[];
  /** Losses before this file was written. */
  loss: Loss;
  runId: string;
  /** When the file was opened, ns from the epoch. */
  openedNs: number;
}

export const NO_HEADERS: HeaderList = [];
export const NO_BYTES: Uint8Array = new Uint8Array(0);
/** The newest format this program reads and the one it writes. */
export const FORMAT_VERSION = 1;

export function emptyLoss(): Loss {
  return {
    recordsDropped: 0,
    bodiesTruncated: 0,
    bodyBytesTruncated: 0,
    recordsSampledOut: 0,
    recordsLate: 0,
    blocksDamaged: 0,
    recordsDamaged: 0,
    connectionsUnfollowed: 0,
    bytesUnfollowed: 0,
    segmentsIncomplete: 0,
  };
}

/** Adds `loss` into `sum`. */
export function addLoss(sum: Loss, loss: Loss): Loss {
  for (const key of Object.keys(sum) as (keyof Loss)[]) sum[key] += loss[key];
  return sum;
}

export function hasLoss(loss: Loss): boolean {
  return Object.values(loss).some((count: number) => count > 0);
}

/** An outcome for a record whose answer is not known. */
export function unknownOutcome(): Outcome {
  return {
    status: undefined,
    ok: true,
    error: '',
    responseBytes: 0,
    responseCrc32: undefined,
    itemCount: undefined,
    response: undefined,
  };
}

/** An HTTP record with every field at its resting value; made anew, so that it can be filled in. */
export function emptyRecord(): TraceRecord {
  return {
    startNs: 0,
    durationNs: undefined,
    session: '',
    op: '',
    space: '',
    protocol: 'http',
    httpVersion: undefined,
    method: '',
    path: '',
    headers: NO_HEADERS,
    body: NO_BYTES,
    bodyCompressed: false,
    bodyBytesMissing: 0,
    deadlineNs: undefined,
    stream: undefined,
    outcome: unknownOutcome(),
  };
}

/** A header with every field at its resting value, epoch 0. */
export function emptyHeader(): TraceHeader {
  return {
    formatVersion: FORMAT_VERSION,
    epochUnixNs: 0n,
    resolutionNs: 1,
    sorted: true,
    tool: '',
    source: '',
    origins: [],
    redacted: [],
    dialect: 'generic',
    window: undefined,
    gaps: [],
    notes: [],
    loss: emptyLoss(),
    runId: '',
    openedNs: 0,
  };
}

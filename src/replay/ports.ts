import type { TraceRecord } from '../trace/record/record.ts';

/** Monotonic time and waiting. The only place replay gets either from; tests pass a virtual one. */
export interface Clock {
  /** Integer-valued ns on a monotonic clock; only differences mean anything. */
  nowNs(): number;
  /**
   * Calls `wake` once, at or after `atNs` (or as soon as possible). Returns a function that cancels it. `isCoarse`: a
   * few milliseconds late is early enough, and no CPU is spent on more. `thenNs`: when the caller will most likely ask
   * to be woken after that, which nothing depends on.
   */
  at(atNs: number, wake: () => void, isCoarse?: boolean, thenNs?: number): () => void;
}

/** Why an operation got no whole answer; closed, so that results can be compared. */
export type FailureCode =
  | 'timeout'
  | 'connect_failed'
  | 'connection_reset'
  | 'connection_closed' // ended in the middle of an answer, or before it
  | 'keepalive_closed' // a kept connection that ended just as it was used again, without a byte of an answer
  | 'bad_response' // bytes that are no answer of the protocol
  | 'bad_request' // the record can't be sent: the transport refuses it
  | 'tls'
  | 'cancelled' // by us: interrupt, or drain ran out
  | 'other';

/** Whether a whole answer is the recorded one: of the same status and, byte for byte, with the same content. */
export type AnswerMatch = 'same' | 'other';

/** What a transport tells of an operation that is done. */
export interface SendOutcome {
  /** HTTP status or gRPC status code; undefined when none came. */
  status: number | undefined;
  /** HTTP below 400, gRPC 0, and what we cancelled where the recorded client did. */
  ok: boolean;
  failure: FailureCode | undefined;
  /** One line for people, for the first of each kind of error. */
  detail: string;
  responseBytes: number;
  /** Undefined where that is not known: the answer is not whole, or has no end, or the recorded one was not kept track of. */
  answer?: AnswerMatch | undefined;
  /** We hung up where the recorded client did: its answer has no end, so that it has no latency. */
  isCancelled?: boolean | undefined;
  /** The value of the header that answers are counted by; undefined where none are, or the answer has none. */
  headerValue?: string | undefined;
  /** Of a record with a stream that was with a transport. */
  stream?: StreamTimes | undefined;
  /** The answer that came, whole or not, is one without an end of its own: its duration is no latency. */
  endless?: EndlessTimes | undefined;
}

/** When the events of one endless answer came. Times in ns on the clock of the replay, in order. */
export interface EndlessTimes {
  /** False: nothing tells its events apart (it is compressed, or of parts), and none are counted. */
  areEventsKnown: boolean;
  /** When each event had come whole. */
  eventNs: Float64Array;
  /** Events that came after those: too many to keep their times. */
  untimed: number;
  /** What came to keep the connection alive: comments of server-sent events, blank lines of NDJSON. */
  comments: number;
}

/** When the messages of one stream went and came. Times in ns on the clock of the replay, in order. */
export interface StreamTimes {
  /** The factor that recorded offsets were divided by. */
  timeScale: number;
  /** The client's messages that left: when the first byte of each was handed to the socket. */
  sentNs: Float64Array;
  /** The server's messages: when each had come whole. */
  receivedNs: Float64Array;
  /** Messages that came after those: too many to keep their times. */
  untimed: number;
}

/** What a transport tells about one operation, each at most once, `onSent` before `onDone`; `onDone` always comes. */
export interface SendListener {
  /**
   * The first byte is being handed to the socket. `heldNs`: for how long every connection it may use was busy, where
   * their number is limited.
   */
  onSent(heldNs?: number): void;
  /**
   * First byte (HTTP) or first message (gRPC) of the answer. `atNs`: when it came, on the clock of the replay, where the
   * transport has just looked at that; else now.
   */
  onFirstAnswer(atNs?: number): void;
  onDone(outcome: SendOutcome, atNs?: number): void;
}

/** Gives up one operation; its `onDone` follows (with the failure the transport then sees, or `cancelled`). */
export type Cancel = () => void;

/** Sends operations. A transport knows a protocol and no schedule. */
export interface Transport {
  /**
   * Opens connections ahead of the first operation; rejects with a `target` error when nothing answers there.
   * `sessions`: those that come first, for transports that keep connections for each.
   */
  warmUp(sessions?: readonly string[]): Promise<void>;
  /**
   * Starts one operation now. Never throws: what can't be sent ends in `onDone` with `bad_request`.
   * `timeScale` divides recorded offsets inside a stream (2 = twice as fast).
   */
  send(record: TraceRecord, timeScale: number, listener: SendListener): Cancel;
  /** Ends all connections; operations still open end with `cancelled`. */
  close(): Promise<void>;
}

/** Where an operation of the plan ended. planned = sent + shed + gate_timeout + unsent; sent = ok + error + cut_off. */
export type Disposition = 'ok' | 'error' | 'cut_off' | 'shed' | 'gate_timeout' | 'unsent';

/** What held an operation between being ready and being released, in ns each. The rest is the scheduler's own. */
export interface Waits {
  /** The trace was read too late. */
  readingNs: number;
  /** In flight, what may be held, or the number of connections was at its limit. */
  fullNs: number;
  /** Late operations leave at a limited pace. */
  pacedNs: number;
  /** The event loop, or the process, stood still. */
  stalledNs: number;
}

/** One operation on its way through the replay. The engine owns and reuses it: copy what must outlive a callback. */
export interface Operation extends Waits {
  record: TraceRecord;
  /** Position in the trace's order, from 0; counts on over loops. */
  number: number;
  /** Position among the operations of this engine's plan, from 0, without holes. */
  sequence: number;
  /** Number of its record in the trace file, from 0 in the order of starts. */
  recordNumber: number;
  /** All times in ns on the engine's clock. */
  dueNs: number;
  /** When its predecessors were done; equals dueNs when it had none to wait for. */
  readyNs: number;
  /**
   * When the engine let it go to its transport; undefined until then. Once sent, later by the time in which every
   * connection it may use was busy, which is in `fullNs`.
   */
  releasedNs: number | undefined;
  /** Undefined until the operation is sent. */
  sentNs: number | undefined;
  firstAnswerNs: number | undefined;
  doneNs: number | undefined;
  outcome: SendOutcome | undefined;
}

/** What the engine reports; called on the hot path, so implementations only count. */
export interface ReplayObserver {
  /** Called once, before the first operation leaves: due times count from this moment on the engine's clock. */
  onStart?(anchorNs: number): void;
  onSent(operation: Operation, inFlight: number): void;
  onSettled(operation: Operation, disposition: Disposition, inFlight: number): void;
}

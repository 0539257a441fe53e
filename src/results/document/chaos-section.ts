/** What was done to the target besides the load (`[chaos]` of a scenario), and what it did. In no other number. */
export interface ChaosSection {
  /** SHA-256 of all events that were planned: their kinds and times. */
  plan_digest: string;
  stalled_connections: ChaosCounts;
  aborted_requests: ChaosCounts;
  malformed_requests: ChaosCounts;
  slow_readers: ChaosCounts;
}

/** planned = attempted + skipped + unreached; attempted = not_connected + answered + closed_by_server + ended_by_us + cut_off. */
export interface ChaosCounts {
  planned: number;
  attempted: number;
  /** Too many connections of chaos were open. */
  skipped: number;
  /** The run ended before. */
  unreached: number;
  not_connected: number;
  /** The server answered: a slow reader got all of it, the others some. */
  answered: number;
  /** The server closed the connection, or reset it, before. */
  closed_by_server: number;
  /** Went as planned to its end: held, reset, or read for as long as it was to be. */
  ended_by_us: number;
  /** The run ended meanwhile. */
  cut_off: number;
  /** What the answers were: a status, a gRPC status, a frame that ends a stream or a connection. */
  answers: Record<string, number>;
}

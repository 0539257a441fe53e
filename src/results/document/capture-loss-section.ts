/** What the trace is known to lack. */
export interface CaptureLossSection {
  records_dropped: number;
  bodies_truncated: number;
  body_bytes_truncated: number;
  records_sampled_out: number;
  records_late: number;
  blocks_damaged: number;
  records_damaged: number;
  /** Connections that capture could not follow to their end: what passed on them is in no other count. */
  connections_unfollowed: number;
  bytes_unfollowed: number;
  /** Segments of the op log that are missing, or lack their end: what they held is in no count. */
  segments_incomplete: number;
  /** Spans of the window for which nothing was being recorded. */
  gaps: number;
  /** How long they are together, and which share of the window that is; null where the trace has no window. */
  gaps_secs: number;
  gaps_share: number | null;
}

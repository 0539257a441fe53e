/** HdrHistogram V2 compressed encoding, base64; values in ns. */
export interface HistogramsSection {
  unit: 'ns';
  /** Values below 0 and above one hour, counted at those bounds. */
  clamped_below: number;
  clamped_above: number;
  response: Record<string, string>;
  service: Record<string, string>;
  recorded: Record<string, string>;
  send_error: Record<string, string>;
  lateness: Record<string, string>;
  gate_wait: Record<string, string>;
  first_answer: Record<string, string>;
  message_send_error: Record<string, string>;
  message_lateness: Record<string, string>;
  received_gap: Record<string, string>;
  recorded_gap: Record<string, string>;
  first_event: Record<string, string>;
  event_gap: Record<string, string>;
  longest_silence: Record<string, string>;
  /** Of several targets, by their place: 0, 1, … */
  target_response?: Record<string, string>;
  target_service?: Record<string, string>;
}

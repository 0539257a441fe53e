/**
 * What stands in a record where a secret was: capture writes it, and a replay sends nothing that holds it. It is a part
 * of the format: a trace is read by programs other than the one that recorded it.
 */
export const REDACTED = '[redacted]';

import type { Operation, SendOutcome } from '../../replay/ports.ts';
import { type GrpcStream, NO_BYTES, type TraceRecord } from '../../trace/record/record.ts';

/** An operation that a sender has, as the reader of the plan knows it. */
export class OpenOperation implements Operation {
  /** Without the body that was sent: its bytes would keep their whole block in memory a second time. */
  readonly record: TraceRecord;
  readonly number: number;
  readonly sequence: number;
  /** Number of its sender. */
  readonly sender: number;
  /** Due time in ns after the anchor, as planned. */
  readonly offsetNs: number;
  dueNs = Number.NaN;
  readyNs = Number.NaN;
  releasedNs: number | undefined;
  sentNs: number | undefined;
  readingNs = 0;
  fullNs = 0;
  pacedNs = 0;
  stalledNs = 0;
  firstAnswerNs: number | undefined;
  doneNs: number | undefined;
  outcome: SendOutcome | undefined;

  constructor(record: TraceRecord, number: number, sequence: number, sender: number, offsetNs: number) {
    this.record = withoutBytes(record);
    this.number = number;
    this.sequence = sequence;
    this.sender = sender;
    this.offsetNs = offsetNs;
  }
}

function withoutBytes(record: TraceRecord): TraceRecord {
  const { outcome, body, stream } = record;
  if (body.length === 0 && stream === undefined && outcome.response === undefined) return record;
  return {
    ...record,
    body: NO_BYTES,
    stream: stream === undefined ? undefined : offsetsOf(stream),
    outcome: outcome.response === undefined ? outcome : { ...outcome, response: undefined },
  };
}

/** When each message was recorded, without what was in it. */
function offsetsOf(stream: GrpcStream): GrpcStream {
  const messages = stream.messages.map((message) => ({ ...message, data: NO_BYTES }));
  return { ...stream, messages };
}

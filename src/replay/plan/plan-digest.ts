import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { GrpcStream, TraceRecord } from '../../trace/record/record.ts';

/** Tells whether two replays sent the same operations: fed with one pass, in order. */
export interface PlanDigest {
  add(record: TraceRecord): void;
  /** SHA-256 in hex. Nothing can be added afterwards. */
  finish(): string;
}

const FLUSH_CHARS = 65_536;

/** SHA-256 over, per record, start, duration, session, op, protocol, method, path, body and stream (lengths and CRC-32s). */
export function createPlanDigest(): PlanDigest {
  const hash = createHash('sha256');
  let lines = '';
  const flush = (): void => {
    hash.update(lines);
    lines = '';
  };
  return {
    add(record) {
      lines += digestLine(record);
      if (lines.length > FLUSH_CHARS) flush();
    },
    finish() {
      flush();
      return hash.digest('hex');
    },
  };
}

/** Lengths first, so that no two records share a line; one line a record costs about half a microsecond. */
function digestLine(record: TraceRecord): string {
  const { startNs, durationNs, session, op, protocol, method, path, body } = record;
  const lengths = `${session.length} ${op.length} ${method.length} ${path.length}`;
  const sum = body.length === 0 ? 0 : crc32(body);
  const end = record.stream === undefined ? '' : streamDigest(record.stream);
  return `${startNs} ${durationNs ?? '-'} ${lengths} ${session}${op}${protocol}${method}${path} ${body.length} ${sum}${end}\n`;
}

function streamDigest({ messages, halfCloseNs, cancelNs }: GrpcStream): string {
  const parts: string[] = [];
  for (const { fromServer, offsetNs, data } of messages) {
    if (!fromServer) parts.push(`${offsetNs}:${data.length}:${crc32(data)}`);
  }
  return ` ${parts.join(',')} ${halfCloseNs ?? '-'} ${cancelNs ?? '-'}`;
}

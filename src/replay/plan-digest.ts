import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { TraceRecord } from '../trace/record.ts';

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

function digestLine(record: TraceRecord): string {
  const { startNs, durationNs, session, op, protocol, method, path, body } = record;
  const names = JSON.stringify([session, op, protocol, method, path]);
  return `${startNs} ${durationNs ?? '-'} ${names} ${body.length} ${crc32(body)}${streamDigest(record)}\n`;
}

function streamDigest(record: TraceRecord): string {
  if (record.stream === undefined) return '';
  const { messages, halfCloseNs, cancelNs } = record.stream;
  const parts: string[] = [];
  for (const { fromServer, offsetNs, data } of messages) {
    if (!fromServer) parts.push(`${offsetNs}:${data.length}:${crc32(data)}`);
  }
  return ` ${parts.join(',')} ${halfCloseNs ?? '-'} ${cancelNs ?? '-'}`;
}

import { type Confidence, ConfidenceCategory, Memory } from '../../gen/engram/v1/memory.ts';
import type { Timestamp } from '../../gen/google/protobuf/timestamp.ts';
import type { Recalled } from '../store/stored-memory.ts';
import { make } from './rpc.ts';

/** A Confidence with the category of its value. */
export function confidence(value: number, reasoning: string): Confidence {
  return { value, category: categoryOf(value), reasoning };
}

export function timestamp(unixMs: number): Timestamp {
  const seconds = Math.floor(unixMs / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((unixMs - seconds * 1000) * 1e6) };
}

/** Unix ms; `fallbackMs` where there is none. */
export function unixMs(time: Timestamp | undefined, fallbackMs: number): number {
  return time === undefined ? fallbackMs : Number(time.seconds) * 1000 + time.nanos / 1e6;
}

/** A recalled memory: its times are now, as in the real server. The encoder adds the embedding. */
export function recalledMessage({ memory, confidence: match }: Recalled, nowMs: number): Memory {
  return make(Memory, {
    id: memory.id,
    content: memory.content,
    confidence: confidence(match, 'Strength of the match.'),
    lastAccess: timestamp(nowMs),
    createdAt: timestamp(nowMs),
    decayRate: 0.1,
  });
}

function categoryOf(value: number): ConfidenceCategory {
  if (value <= 0) return ConfidenceCategory.NONE;
  if (value <= 0.2) return ConfidenceCategory.LOW;
  if (value <= 0.7) return ConfidenceCategory.MEDIUM;
  return value <= 0.95 ? ConfidenceCategory.HIGH : ConfidenceCategory.CERTAIN;
}

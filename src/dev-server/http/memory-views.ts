import type { Recalled, StoredMemory } from '../store/stored-memory.ts';
import { isoTimeOffset, isoTimeOfMs, shortFloat } from './number-format.ts';

/** General category: above 0.7 High, above 0.4 Medium. */
export function confidenceCategory(value: number): string {
  return value > 0.7 ? 'High' : value > 0.4 ? 'Medium' : 'Low';
}

export function confidenceView(value: number, reasoning: string) {
  return { value: shortFloat(value), category: confidenceCategory(value), reasoning };
}

/** The memory object of recall and probabilistic answers: it counts as accessed now, by the path named. */
export function recalledView({ memory, confidence }: Recalled, retrievalPath: string, nowMs: number) {
  const value = shortFloat(confidence);
  return {
    id: memory.id,
    content: memory.content,
    confidence: confidenceView(confidence, 'Strength of the match.'),
    activation_level: value,
    similarity_score: value,
    retrieval_path: retrievalPath,
    observed_at: isoTimeOfMs(memory.whenMs),
    last_access: isoTimeOfMs(nowMs),
    tags: [],
    memory_type: 'Episodic',
    relevance_explanation: `Matched the cue with ${value}.`,
  };
}

/** The memory object of get, search and list answers, without what only some of them have. */
export function briefView(memory: StoredMemory) {
  return {
    id: memory.id,
    content: memory.content,
    confidence: Math.fround(memory.confidence),
    timestamp: isoTimeOffset(memory.whenMs),
  };
}

/** The episode object of a query answer. */
export function episodeView({ memory, confidence }: Recalled) {
  const { id, whenMs, content, whereLocation, who } = memory;
  return {
    id,
    when: isoTimeOffset(whenMs),
    what: content,
    ...(whereLocation === undefined ? {} : { where_location: whereLocation }),
    ...(who.length === 0 ? {} : { who }),
    confidence: shortFloat(confidence),
    confidence_category: queryCategory(confidence),
  };
}

function queryCategory(value: number): string {
  if (value <= 0) return 'None';
  if (value < 0.3) return 'Low';
  if (value < 0.7) return 'Medium';
  return value < 1 ? 'High' : 'Certain';
}

import { isRejection, type Rejection, reject } from '../rejection.ts';
import { EMBEDDING_LENGTH } from '../store/vector-table.ts';
import { QueryCursor } from './query-cursor.ts';
import { tokenizeQuery } from './query-tokens.ts';

export type QueryPattern =
  | { kind: 'text'; text: string }
  | { kind: 'embedding'; values: number[]; threshold: number };

export interface ConfidenceLimit {
  above: boolean;
  value: number;
}

export type Query =
  | { kind: 'recall'; pattern: QueryPattern; confidence: ConfidenceLimit | undefined }
  | { kind: 'spread' }
  | { kind: 'predict' }
  | { kind: 'imagine' }
  | { kind: 'consolidate' };

const DEFAULT_VECTOR_THRESHOLD = 0.8;
const MAX_COST = 100_000;

/** Reads one query; what follows a complete query is ignored, as in the real server. */
export function parseQuery(text: string): Query | Rejection {
  const tokens = tokenizeQuery(text);
  if (isRejection(tokens)) return tokens;
  const cursor = new QueryCursor(tokens);
  if (cursor.takeWord('RECALL')) return parseRecall(cursor);
  if (cursor.takeWord('SPREAD')) return parseSpread(cursor);
  if (cursor.takeWord('PREDICT')) return parsePredict(cursor);
  if (cursor.takeWord('IMAGINE')) return parseImagine(cursor);
  if (cursor.takeWord('CONSOLIDATE')) return parseConsolidate(cursor);
  return cursor.expected('RECALL, SPREAD, PREDICT, IMAGINE or CONSOLIDATE');
}

function parseRecall(cursor: QueryCursor): Query | Rejection {
  const pattern = parsePattern(cursor);
  if (isRejection(pattern)) return pattern;
  // Constraints are read and not applied: so does the real server.
  const constraints = cursor.takeWord('WHERE') ? parseConstraints(cursor) : undefined;
  if (constraints) return constraints;
  const confidence = parseConfidence(cursor);
  if (isRejection(confidence)) return confidence;
  if (cursor.takeWord('BASE_RATE') && cursor.takeNumber() === undefined) return cursor.expected('a number');
  return { kind: 'recall', pattern, confidence };
}

function parseSpread(cursor: QueryCursor): Query | Rejection {
  if (!cursor.takeWord('FROM')) return cursor.expected('FROM');
  if (cursor.takeIdentifier() === undefined) return cursor.expected('an identifier');
  if (cursor.takeWord('MAX_HOPS')) {
    const hops = cursor.takeNumber();
    if (hops === undefined || !(hops >= 1 && hops <= 100)) return cursor.expected('1 to 100 hops');
    if (1000 * 2 ** Math.min(hops, 10) > MAX_COST) return reject('bad_request', 'the query is too complex');
  }
  for (const word of ['DECAY', 'THRESHOLD']) {
    if (cursor.takeWord(word) && cursor.takeNumber() === undefined) return cursor.expected('a number');
  }
  return { kind: 'spread' };
}

function parsePredict(cursor: QueryCursor): Query | Rejection {
  const pattern = parsePattern(cursor);
  if (isRejection(pattern)) return pattern;
  if (!cursor.takeWord('GIVEN')) return cursor.expected('GIVEN');
  const ids = parseIdentifiers(cursor);
  if (ids) return ids;
  if (cursor.takeWord('HORIZON') && cursor.takeNumber() === undefined) return cursor.expected('seconds');
  return { kind: 'predict' };
}

function parseImagine(cursor: QueryCursor): Query | Rejection {
  const pattern = parsePattern(cursor);
  if (isRejection(pattern)) return pattern;
  if (cursor.takeWord('BASED')) {
    const ids = cursor.takeWord('ON') ? parseIdentifiers(cursor) : cursor.expected('ON');
    if (ids) return ids;
  }
  if (cursor.takeWord('NOVELTY') && cursor.takeNumber() === undefined) return cursor.expected('a number');
  const confidence = parseConfidence(cursor);
  return isRejection(confidence) ? confidence : { kind: 'imagine' };
}

function parseConsolidate(cursor: QueryCursor): Query | Rejection {
  const scope = cursor.takeWord('WHERE') ? parseConstraints(cursor) : parsePattern(cursor);
  if (isRejection(scope)) return scope;
  if (!cursor.takeWord('INTO')) return cursor.expected('INTO');
  return cursor.takeIdentifier() === undefined ? cursor.expected('an identifier') : { kind: 'consolidate' };
}

function parsePattern(cursor: QueryCursor): QueryPattern | Rejection {
  if (cursor.takeSymbol('[')) return parseVector(cursor);
  const text = cursor.takeText() ?? cursor.takeIdentifier();
  return text === undefined ? cursor.expected('an identifier, "text" or [numbers]') : { kind: 'text', text };
}

function parseVector(cursor: QueryCursor): QueryPattern | Rejection {
  const values: number[] = [];
  do {
    const value = cursor.takeNumber();
    if (value === undefined) return cursor.expected('a number');
    values.push(value);
  } while (cursor.takeSymbol(','));
  if (!cursor.takeSymbol(']')) return cursor.expected('"]"');
  if (values.length !== EMBEDDING_LENGTH) {
    return reject('bad_request', `an embedding has ${EMBEDDING_LENGTH} values, this one ${values.length}`);
  }
  const threshold = cursor.takeWord('THRESHOLD') ? cursor.takeNumber() : DEFAULT_VECTOR_THRESHOLD;
  return threshold === undefined ? cursor.expected('a number') : { kind: 'embedding', values, threshold };
}

/** Undefined when all is well: nothing is done with constraints. */
function parseConstraints(cursor: QueryCursor): Rejection | undefined {
  do {
    const wrong = parseConstraint(cursor);
    if (wrong) return wrong;
  } while (cursor.takeSymbol(',') || cursor.takeWord('AND'));
  return undefined;
}

function parseConstraint(cursor: QueryCursor): Rejection | undefined {
  if (cursor.takeWord('content')) {
    if (!cursor.takeWord('CONTAINS')) return cursor.expected('CONTAINS');
    return cursor.takeText() === undefined ? cursor.expected('"text"') : undefined;
  }
  if (cursor.takeWord('created')) {
    if (!cursor.takeWord('BEFORE') && !cursor.takeWord('AFTER')) return cursor.expected('BEFORE or AFTER');
    return cursor.takeText() === undefined ? cursor.expected('"time"') : undefined;
  }
  const confidence = parseConfidence(cursor);
  if (isRejection(confidence)) return confidence;
  return confidence ? undefined : cursor.expected('content, created or CONFIDENCE');
}

function parseConfidence(cursor: QueryCursor): ConfidenceLimit | Rejection | undefined {
  if (!cursor.takeWord('CONFIDENCE')) return undefined;
  const above = cursor.takeSymbol('>');
  if (!above && !cursor.takeSymbol('<')) return cursor.expected('">" or "<"');
  const value = cursor.takeNumber();
  return value === undefined ? cursor.expected('a number') : { above, value };
}

function parseIdentifiers(cursor: QueryCursor): Rejection | undefined {
  do {
    if (cursor.takeIdentifier() === undefined) return cursor.expected('an identifier');
  } while (cursor.takeSymbol(','));
  return undefined;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuery } from '../../src/dev-server/query/parse-query.ts';
import { isRejection } from '../../src/dev-server/rejection.ts';
import fc from '../support/fast-check.ts';

const kind = (text: string) => {
  const query = parseQuery(text);
  return isRejection(query) ? `(${query.rejected})` : query.kind;
};
const vector = `[${new Array<number>(768).fill(0.5).join(', ')}]`;

test('queries of the grammar are read', () => {
  const rows: [string, string][] = [
    ['RECALL coffee', 'recall'],
    ['RECALL "with \\"quotes\\""', 'recall'],
    [`RECALL ${vector} THRESHOLD 0.9`, 'recall'],
    ['RECALL x WHERE content CONTAINS "t" CONFIDENCE > 0.5 BASE_RATE 0.1', 'recall'],
    ['RECALL x WHERE created BEFORE "2024-01-01"', 'recall'],
    ['RECALL x LIMIT 5 and anything else', 'recall'],
    ['SPREAD FROM node MAX_HOPS 6 DECAY 0.1 THRESHOLD 0.01', 'spread'],
    ['PREDICT x GIVEN a, b HORIZON 3600', 'predict'],
    ['IMAGINE x BASED ON a, b NOVELTY 0.3 CONFIDENCE < 0.9', 'imagine'],
    ['CONSOLIDATE WHERE CONFIDENCE > 0.5 INTO target', 'consolidate'],
    ['CONSOLIDATE x INTO target', 'consolidate'],
    ['', '(bad_request)'],
    ['recall x', '(bad_request)'],
    ['RECALL', '(bad_request)'],
    ['RECALL ;', '(bad_request)'],
    ['RECALL "open', '(bad_request)'],
    ['RECALL [1, 2, 3]', '(bad_request)'],
    ['RECALL x CONFIDENCE 0.5', '(bad_request)'],
    ['SPREAD FROM node MAX_HOPS 7', '(bad_request)'],
    ['SPREAD FROM node MAX_HOPS 0', '(bad_request)'],
    ['PREDICT x', '(bad_request)'],
    ['CONSOLIDATE x', '(bad_request)'],
  ];
  for (const [text, expected] of rows) assert.equal(kind(text), expected, text.slice(0, 60));
});

test('what was read is what was written', () => {
  assert.deepEqual(parseQuery('RECALL "a \\"b\\"" CONFIDENCE < 0.5'), {
    kind: 'recall',
    pattern: { kind: 'text', text: 'a "b"' },
    confidence: { above: false, value: 0.5 },
  });
  const query = parseQuery(`RECALL ${vector}`);
  assert.ok(!isRejection(query) && query.kind === 'recall' && query.pattern.kind === 'embedding');
  assert.equal(query.pattern.threshold, 0.8);
  assert.equal(query.pattern.values.length, 768);
});

test('no text makes the parser throw', () => {
  const words = fc.constantFrom(
    'RECALL',
    'SPREAD',
    'FROM',
    'WHERE',
    'CONFIDENCE',
    '>',
    '[',
    ']',
    ',',
    '"',
    '1',
    'x',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(words).map((list) => list.join(' ')),
  );
  fc.assert(
    fc.property(text, (query) => {
      parseQuery(query);
    }),
    { numRuns: 2000, seed: 5 },
  );
});

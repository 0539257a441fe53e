import assert from 'node:assert/strict';
import { it } from 'node:test';
import { summaryText } from '../../src/cli/text/replay-text.ts';
import type { AnswerMatch } from '../../src/replay/ports.ts';
import { documentOf, MS, type Told } from './support.ts';

function told(op: string, answer: AnswerMatch | undefined, given: Partial<Told> = {}): Told {
  return { record: { op }, dueNs: 0, sentNs: 0, doneNs: MS, outcome: { answer }, ...given };
}

it('answers the same as recorded, others, and those of which nobody knows are counted op by op', () => {
  const { answers, operations } = documentOf([
    told('recall', 'same'),
    told('recall', 'same'),
    told('recall', 'other'),
    told('recall', undefined),
    told('forget', 'same', { disposition: 'error' }),
    told('forget', undefined, { disposition: 'cut_off' }),
    told('forget', undefined, { disposition: 'shed', sentNs: undefined, doneNs: undefined }),
  ]);
  assert.deepEqual(answers, {
    overall: { same: 3, other: 1, unknown: 2 },
    ops: { forget: { same: 1, other: 0, unknown: 1 }, recall: { same: 2, other: 1, unknown: 1 } },
  });
  assert.equal(operations.total, 6);
});

it('the summary tells of answers where something is known of them', () => {
  const linesOf = (...all: Told[]) =>
    summaryText(documentOf(all))
      .split('\n')
      .filter((line) => line.includes('the same as recorded'));
  assert.deepEqual(linesOf(told('recall', undefined)), []);
  assert.deepEqual(linesOf(told('recall', 'same'), told('recall', 'other'), told('recall', undefined)), [
    'answers: 1 the same as recorded to the byte, 1 others, 1 not known',
  ]);
  assert.deepEqual(linesOf(told('recall', 'same')), [
    'answers: 1 the same as recorded to the byte, 0 others',
  ]);
});

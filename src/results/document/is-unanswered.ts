import type { ResultsDocument } from './results-document.ts';

/** Tells whether operations were sent, and none of them got a whole answer, of whatever status. */
export function isUnanswered({ summary }: Pick<ResultsDocument, 'summary'>): boolean {
  return summary.total_operations > 0 && summary.without_answer === summary.total_operations;
}

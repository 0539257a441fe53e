import type { ResultsRecorder } from '../tally/results-recorder.ts';
import type { HeaderCountsSection } from './results-document.ts';

/** So many values are named, the most frequent ones. */
const MOST_NAMED = 100;

/** Makes the section about answers by the value of the header `name`. */
export function headerCountsSection(
  name: string,
  { headers }: Pick<ResultsRecorder, 'headers'>,
): HeaderCountsSection {
  const { values, other, absent } = headers;
  const unnamed = values.slice(MOST_NAMED).reduce((sum, [, count]) => sum + count, 0);
  return {
    name,
    values: Object.fromEntries(values.slice(0, MOST_NAMED)),
    other: other + unnamed,
    absent,
  };
}

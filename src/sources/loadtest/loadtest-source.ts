import type { Source } from '../source.ts';

/** `{"operations": [{"timestamp_ms": …`, its parts in any order; the list may be empty. */
const OPERATIONS = /"operations"\s*:\s*\[\s*(\]|\{\s*"(timestamp_ms|operation)")/;

/** The JSON trace of Engram's loadtest tool. */
export const loadtestSource: Source = {
  name: 'loadtest',
  description: 'the JSON trace of the Engram loadtest tool (operations, timestamp_ms)',
  looksLike: ({ text }) => (text.startsWith('{') && OPERATIONS.test(text) ? 'yes' : 'no'),
  open: async (input) => (await import('./open-loadtest.ts')).openLoadtest(input),
};

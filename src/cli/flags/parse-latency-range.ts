import { EngramTraceError } from '../../error.ts';
import type { LatencyRange } from '../../transforms/record-filter.ts';
import { parseDuration } from './parse-duration.ts';

/** Reads `>10ms`, `>=10ms`, `<1s`, `<=1s` or `10ms..1s` (both included) into bounds in ns. Throws `usage`. */
export function parseLatencyRange(text: string): LatencyRange {
  const [, operator, bound] = /^\s*(<=?|>=?)(.+)$/.exec(text) ?? [];
  if (operator !== undefined && bound !== undefined) return oneBound(operator, parseDuration(bound));
  const [low, high, more] = text.split('..');
  if (low === undefined || high === undefined || more !== undefined) {
    throw new EngramTraceError('usage', `'${text}' is not a range of latencies`, {
      hint: "write it like '>10ms', '<=1s' or 10ms..1s",
    });
  }
  const [atLeastNs, atMostNs] = [parseDuration(low), parseDuration(high)];
  if (atLeastNs <= atMostNs) return { atLeastNs, atMostNs };
  throw new EngramTraceError('usage', `'${text}' ends before it begins, so no latency lies in it`, {
    hint: `write it ${high.trim()}..${low.trim()}`,
  });
}

function oneBound(operator: string, ns: number): LatencyRange {
  if (operator === '>') return { aboveNs: ns };
  if (operator === '>=') return { atLeastNs: ns };
  return operator === '<' ? { belowNs: ns } : { atMostNs: ns };
}

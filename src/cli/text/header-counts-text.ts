import { countText } from '../../inspect/number-text.ts';
import type { ResultsDocument } from '../../results/document/results-document.ts';

const VALUES_SHOWN = 10;

/** Says how many answers had which value of the header that was asked for; nothing where none was. */
export function headerCountsLines({ counted_by_header: counted }: ResultsDocument): string[] {
  if (counted === undefined) return [];
  const { name, values, other, absent } = counted;
  const named = Object.entries(values);
  const rest = named.slice(VALUES_SHOWN).reduce((sum, [, count]) => sum + count, other);
  const parts = named
    .slice(0, VALUES_SHOWN)
    .map(([value, count]) => `${value || '(empty)'} ${countText(count)}`);
  if (rest > 0) parts.push(`others ${countText(rest)}`);
  if (absent > 0 || parts.length === 0) parts.push(`without it ${countText(absent)}`);
  return [`answers by ${name}: ${parts.join(', ')}`];
}

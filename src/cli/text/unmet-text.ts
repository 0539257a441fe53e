import { nearest } from '../../nearest.ts';
import type { NamedCondition, UnmetValue } from '../../transforms/watched-filter.ts';

const FLAGS: Readonly<Record<NamedCondition, string>> = {
  ops: '--op',
  spaces: '--space',
  sessions: '--session',
  paths: '--path',
};

/** Names longer than this are no slips of the fingers, and take long to compare. */
const LONGEST_COMPARED = 100;

/** Says that no record has what a flag asks for, and what may have been meant. */
export function unmetText(value: UnmetValue): string {
  const meant = meantBy(value);
  const question = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  return `${FLAGS[value.condition]} ${value.value} selects nothing: no record that was read has it${question}`;
}

/** The name that is most like it of those there are, or undefined where none is near. */
export function meantBy({ value, names }: UnmetValue): string | undefined {
  if (value.length > LONGEST_COMPARED) return undefined;
  return nearest(
    value,
    [...names.names].filter((name) => name.length <= LONGEST_COMPARED),
  );
}

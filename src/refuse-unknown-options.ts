import { EngramTraceError } from './error.ts';
import { didYouMean } from './nearest.ts';

/**
 * Throws `usage` where `given` has an option that is none of the names in `known`: a program in JavaScript would think
 * that it had been heard. `of` says whose options they are, in words such as `of runReplay`.
 */
export function refuseUnknownOptions(given: unknown, known: object, of: string): void {
  if (typeof given !== 'object' || given === null) {
    throw new EngramTraceError(
      'usage',
      `the options ${of} are an object, not ${given === null ? 'null' : typeof given}`,
    );
  }
  const names = Object.keys(known);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw new EngramTraceError('usage', `${name} is no option ${of}`, {
      hint: didYouMean(name, names, `there are ${names.sort().join(', ')}`),
    });
  }
}

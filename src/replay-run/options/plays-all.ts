import type { RunOptions } from './run-options.ts';

/** Whether every record of the trace takes part, as far as flags choose: then its index tells of all that is played. */
export function playsAll({ only, range = {} }: Pick<RunOptions, 'only' | 'range'>): boolean {
  return only === undefined && Object.values(range).every((bound) => bound === undefined);
}

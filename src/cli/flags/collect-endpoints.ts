import type { Endpoint } from '../../replay-run/target/endpoint.ts';

/**
 * Makes the parser of a flag that names a target and may be given several times; commas stand between those of one text,
 * as in a variable. The first that is given takes the place of the `byDefault`.
 */
export function collectEndpoints(
  parse: (text: string) => Endpoint,
  byDefault: readonly Endpoint[],
): (text: string, previous: readonly Endpoint[]) => Endpoint[] {
  return (text, previous) => [
    ...(previous === byDefault ? [] : previous),
    ...text.split(',').map((each) => parse(each.trim())),
  ];
}

import type { Danger, DangerView } from './danger.ts';
import { dangerPattern } from './danger-pattern.ts';
import type { Dialect } from './dialect.ts';
import { DIALECTS } from './find-dialect.ts';

/** What ends a server whatever it is, by habit of those who write them. */
const WELL_KNOWN: readonly Danger[] = [
  { pattern: 'POST|PUT /shutdown', why: 'it ends many a server' },
  { pattern: 'POST|PUT|DELETE **/actuator/shutdown', why: 'it ends a Spring Boot application' },
  { pattern: 'POST|PUT|GET **/quitquitquit', why: 'it ends Envoy, and what has learned it from there' },
  { pattern: 'POST|PUT|GET **/abortabortabort', why: 'it aborts the server' },
  { pattern: 'POST|PUT **/-/quit', why: 'it ends Prometheus and its kin' },
  { pattern: 'POST **/_shutdown', why: 'it ends a node of an old Elasticsearch' },
];
const OWN = 'it was named by --dangerous';

/** Tells which danger a record is; undefined: none that is known. */
export type FindDanger = (record: DangerView) => Danger | undefined;

/**
 * The dangers a replay has to know: of the trace's dialect, those every server may have, and `own` (`--dangerous`). An
 * rpc that a dialect knows by its whole name is dangerous whatever the trace was named with. `usage` for no pattern.
 */
export function createFindDanger(dialect: Dialect, own: readonly string[] = []): FindDanger {
  const dangers: Danger[] = [
    ...own.map((pattern) => ({ pattern: pattern.trim(), why: OWN })),
    ...(dialect.dangers ?? []),
    ...DIALECTS.filter((other) => other !== dialect).flatMap(rpcDangers),
    ...WELL_KNOWN,
  ];
  const known = dangers
    .flatMap(oneByOne)
    .map((danger) => ({ danger, matches: dangerPattern(danger.pattern) }));
  return (record) =>
    known.find(({ danger, matches }) => matches(record) && danger.when?.(record) !== false)?.danger;
}

/** Each method is a danger with a name of its own. */
function oneByOne(danger: Danger): Danger[] {
  const [, methods, path] = /^([A-Za-z]+(?:\|[A-Za-z]+)+) +(.*)$/.exec(danger.pattern) ?? [];
  if (methods === undefined) return [danger];
  return methods.split('|').map((method) => ({ ...danger, pattern: `${method.toUpperCase()} ${path}` }));
}

function rpcDangers({ dangers = [] }: Dialect): Danger[] {
  return dangers.filter(({ pattern }) => /^\/[\w.]+\/\w+$/.test(pattern));
}

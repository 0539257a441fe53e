import type { DangerRule, DangerView } from './danger.ts';
import { type DangerPattern, dangerPattern, globSource, plainPath } from './danger-pattern.ts';
import type { Dialect } from './dialect.ts';
import { DIALECTS } from './find-dialect.ts';
import { pathOnly } from './generic.ts';

/** What ends a server whatever it is, by habit of those who write them. */
const WELL_KNOWN: readonly DangerRule[] = [
  { pattern: 'POST|PUT /shutdown', why: 'it ends many a server' },
  { pattern: 'POST|PUT|DELETE **/actuator/shutdown', why: 'it ends a Spring Boot application' },
  { pattern: 'POST|PUT|GET|HEAD **/quitquitquit', why: 'it ends Envoy, and what has learned it from there' },
  { pattern: 'POST|PUT|GET|HEAD **/abortabortabort', why: 'it aborts the server' },
  { pattern: 'POST|PUT **/-/quit', why: 'it ends Prometheus and its kin' },
  { pattern: 'POST **/_shutdown', why: 'it ends a node of an old Elasticsearch' },
];
const OWN = 'it was named by --dangerous';

type FindMay = (record: DangerView) => boolean;

/** Tells which danger a record is; undefined: none that is known. */
export type FindDanger = (record: DangerView) => DangerRule | undefined;

/**
 * The dangers a replay has to know: of the trace's dialect, those every server may have, and `own` (`--dangerous`). An
 * rpc that a dialect knows by its whole name is dangerous whatever the trace was named with. `usage` for no pattern.
 */
export function createFindDanger(dialect: Dialect, own: readonly string[] = []): FindDanger {
  const dangers: DangerRule[] = [
    ...own.map((pattern) => ({ pattern: pattern.trim(), why: OWN })),
    ...(dialect.dangers ?? []),
    ...DIALECTS.filter((other) => other !== dialect).flatMap(rpcDangers),
    ...WELL_KNOWN,
  ];
  const known = dangers
    .flatMap(oneByOne)
    .map((danger) => ({ danger, pattern: dangerPattern(danger.pattern) }));
  const mayBe = quickLook(known.map(({ pattern }) => pattern));
  return (record) =>
    mayBe(record)
      ? known.find(({ danger, pattern }) => pattern.matches(record) && danger.when?.(record) !== false)
          ?.danger
      : undefined;
}

/** There are few rpcs and paths, but a trace may have invented them, and paths may hold ids. */
const MOST_REMEMBERED = 1_000;
/** What is remembered may keep all of its request target in memory. */
const MOST_CHARACTERS = 1_000;

/** False only for what no pattern matches. Every record of a trace is looked at, so this is one look, not one a pattern. */
function quickLook(patterns: readonly DangerPattern[]): FindMay {
  const ops = new Set(patterns.map(({ op }) => op));
  const isPath = quickPathLook(new Set(patterns.flatMap(({ pathGlob }) => pathGlob ?? [])));
  const rpcs = new Map<string, boolean>();
  const isRpc = (record: DangerView): boolean => {
    const known = rpcs.get(record.path);
    if (known !== undefined) return known;
    const found = patterns.some((pattern) => pattern.matches(record));
    if (rpcs.size < MOST_REMEMBERED) rpcs.set(record.path, found);
    return found;
  };
  // By their paths as they are written: reading one as the laxest of servers does is what costs.
  const paths = new Map<string, boolean>();
  const isHttp = (target: string): boolean => {
    const path = pathOnly(target);
    const known = paths.get(path);
    if (known !== undefined) return known;
    const found = isPath(plainPath(target));
    if (paths.size < MOST_REMEMBERED && target.length < MOST_CHARACTERS) paths.set(path, found);
    return found;
  };
  return (record) => ops.has(record.op) || (record.protocol === 'http' ? isHttp(record.path) : isRpc(record));
}

/**
 * False only for a path that none of these match. Nearly all of them end in a plain segment, so that nearly every path is told
 * by its own last one: an expression with all of them took a fifth of the time in which a plan is read.
 */
function quickPathLook(globs: ReadonlySet<string>): (path: string) => boolean {
  const ends = new Set([...globs].map(lastSegment));
  const open = [...globs].filter((glob) => lastSegment(glob).includes('*')).map(globSource);
  const others = open.length === 0 ? undefined : new RegExp(open.map((one) => `(?:${one})`).join('|'), 's');
  return (path) => ends.has(lastSegment(path)) || others?.test(path) === true;
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Each method is a danger with a name of its own. */
function oneByOne(danger: DangerRule): DangerRule[] {
  const [, methods, path] = /^([A-Za-z]+(?:\|[A-Za-z]+)+) +(.*)$/.exec(danger.pattern) ?? [];
  if (methods === undefined) return [danger];
  return methods.split('|').map((method) => ({ ...danger, pattern: `${method.toUpperCase()} ${path}` }));
}

function rpcDangers({ dangers = [] }: Dialect): DangerRule[] {
  return dangers.filter(({ pattern }) => /^\/[\w.]+\/\w+$/.test(pattern));
}

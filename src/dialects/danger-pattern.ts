import { EngramTraceError } from '../error.ts';
import type { DangerView } from './danger.ts';
import { pathOnly } from './generic.ts';

/** What one pattern matches, and what tells quickly that it does not. */
export interface DangerPattern {
  matches(record: DangerView): boolean;
  /** The only op it can mean. */
  readonly op: string;
  /** What `plainPath` of every HTTP request matches that it matches; undefined: none by its path. */
  readonly pathGlob: string | undefined;
}

const METHOD_AND_PATH = /^(\*|[A-Za-z]+) +(\S+)$/;
/** Nobody's path to a dangerous operation is longer, and embeddings in a path are. */
const MOST_PATH = 1024;

/**
 * Reads a pattern of `--dangerous`: `METHOD path` (`*` is any method; in a path `*` is anything within a segment, `**`
 * anything), an rpc (`Method`, `Service/Method` or the whole path), or the name of an op.
 */
export function dangerPattern(pattern: string): DangerPattern {
  const text = pattern.trim();
  if (text === '') {
    throw new EngramTraceError('usage', 'a dangerous operation needs a name', {
      where: '--dangerous',
      hint: 'write an op, an rpc, or a method and a path such as "POST /admin/stop"',
    });
  }
  const [, method, path] = METHOD_AND_PATH.exec(text) ?? [];
  const isHttp = path === undefined ? isNamed(text) : isRequest(method as string, path);
  const glob = path ?? (text.startsWith('/') ? text : undefined);
  return {
    matches: (record) => record.op === text || isHttp(record),
    op: text,
    pathGlob: glob === undefined ? undefined : plainPath(glob),
  };
}

function isRequest(method: string, glob: string): (record: DangerView) => boolean {
  const wanted = method.toUpperCase();
  const path = globPattern(plainPath(glob));
  return (record) =>
    record.protocol === 'http' &&
    (wanted === '*' || wanted === record.method.toUpperCase()) &&
    path.test(plainPath(record.path));
}

/** Makes the test for a request, an rpc or an op by name; a path without a method is one of any method. */
function isNamed(text: string): (record: DangerView) => boolean {
  const request = text.startsWith('/') ? isRequest('*', text) : () => false;
  return (record) => (record.protocol === 'grpc' ? isRpc(pathOnly(record.path), text) : request(record));
}

function isRpc(path: string, text: string): boolean {
  return path === text || path.endsWith(`/${text}`) || path.endsWith(`.${text}`);
}

/** The patterns of a list are all tried on the same path. */
let last = { target: '', plain: '' };

/** The path of a request target as the laxest of servers reads it. */
export function plainPath(target: string): string {
  if (last.target !== target) last = { target, plain: asLaxRead(target) };
  return last.plain;
}

/**
 * The path as the laxest of servers reads it: without query, `;parameters`, doubled slashes, dot segments and the slash
 * at the end, percent-decoded, in lower case. Better one left out too many than a target that is gone.
 */
function asLaxRead(target: string): string {
  const path = pathOnly(target);
  if (!UNUSUAL.test(path)) return path.slice(0, MOST_PATH);
  const decoded = path.includes('%') ? path.replace(/%([0-9a-f]{2})/gi, decodeByte) : path;
  // What begins with a star is a pattern, or the server as a whole.
  const isPath = !decoded.startsWith('*');
  const plain = segmentsOf(decoded).join('/').toLowerCase();
  return (isPath ? `/${plain}` : plain).slice(0, MOST_PATH);
}

/** The segments that are left when `.` and `..` have had their way. */
function segmentsOf(path: string): string[] {
  const kept: string[] = [];
  for (const segment of path.replace(/;[^/\\]*/g, '').split(/[/\\]+/)) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return kept;
}

/** Nearly every path has none of this, and is read for every record of a trace. */
const UNUSUAL = /^[^/]|[%;\\A-Z]|\/[./]|.\/$/;

function decodeByte(_: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

function globPattern(glob: string): RegExp {
  return new RegExp(globSource(glob), 's');
}

/** Source of an expression for what a pattern of paths matches. */
export function globSource(glob: string): string {
  const source = glob
    .split(/(\*\*|\*)/)
    .map((part) =>
      part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return `^${source}$`;
}

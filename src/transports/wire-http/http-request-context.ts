import type { SendOutcome } from '../../replay/ports.ts';
import { failedSend } from '../../replay/send-outcome.ts';
import type { HeaderList } from '../../trace/record.ts';
import { createHttpHeaders } from '../http-headers.ts';
import { withoutRedacted } from '../redacted.ts';

/** A request without its body, as bytes. Shared by all requests that begin alike: never change them. */
export interface PreparedHead {
  /** The whole request when it has no body. */
  readonly whole: Buffer;
  /** Up to where a content-length and the empty line follow. */
  readonly front: Buffer;
}

/** Turns method, path and recorded headers into bytes, or says why they can't be sent. */
export interface HttpRequestContext {
  headFor(method: string, path: string, recorded: HeaderList): PreparedHead | SendOutcome;
}

export interface HttpRequestOptions {
  origin: URL;
  /** In place of, or besides, the recorded ones. */
  headers?: HeaderList | undefined;
  /** Sends the recorded Host header instead of the target's. */
  keepHost?: boolean | undefined;
}

/** Header lists are shared by the records of a block, and so is the text made of them, and the heads of each path. */
interface HeaderSet {
  lines: string;
  refusal: SendOutcome | undefined;
  heads: Map<string, Map<string, PreparedHead | SendOutcome>>;
  kept: number;
}

/** Heads kept for each header list; paths with a query of their own would fill the memory otherwise. */
const MAX_KEPT_HEADS = 256;
const MAX_KEPT_PATH_CHARS = 512;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NO_FIELD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const NO_TARGET = /[^\x21-\xff]/;
/** Methods that tell the length of a body they don't have. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);
/** The client frames its messages itself; these are left out of recorded headers, and can't be given either. */
const NOT_TO_GIVE = new Set([
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'trailer',
]);

/** The context of one target; it remembers what it worked out (bounded for each header list). */
export function createHttpRequestContext(options: HttpRequestOptions): HttpRequestContext {
  const { origin, headers = [], keepHost = false } = options;
  const headersFor = createHttpHeaders(headers, keepHost);
  const sets = new WeakMap<HeaderList, HeaderSet>();
  const makeSet = (recorded: HeaderList): HeaderSet => {
    const set = headerSet(headersFor(recorded), origin.host);
    sets.set(recorded, set);
    return set;
  };
  return {
    headFor(method, path, recorded) {
      const set = sets.get(recorded) ?? makeSet(recorded);
      return set.heads.get(method)?.get(path) ?? newHead(set, method, path);
    },
  };
}

function newHead(set: HeaderSet, method: string, path: string): PreparedHead | SendOutcome {
  const head = set.refusal ?? requestLineRefusal(method, path) ?? prepareHead(set.lines, method, path);
  if (path.length > MAX_KEPT_PATH_CHARS) return head;
  if (set.kept >= MAX_KEPT_HEADS) {
    set.heads.clear();
    set.kept = 0;
  }
  let ofMethod = set.heads.get(method);
  if (ofMethod === undefined) {
    ofMethod = new Map();
    set.heads.set(method, ofMethod);
  }
  ofMethod.set(path, head);
  set.kept += 1;
  return head;
}

function prepareHead(lines: string, method: string, path: string): PreparedHead {
  const front = `${method} ${withoutRedacted(path)} HTTP/1.1\r\n${lines}`;
  const whole = Buffer.from(`${front}${WITH_BODY.has(method) ? 'content-length: 0\r\n' : ''}\r\n`, 'latin1');
  return { whole, front: whole.subarray(0, front.length) };
}

function requestLineRefusal(method: string, path: string): SendOutcome | undefined {
  if (method === 'CONNECT') return failedSend('bad_request', 'CONNECT opens a tunnel and is not replayed');
  if (!TOKEN.test(method)) return failedSend('bad_request', 'invalid request method');
  if (!/^(?:\/|https?:\/\/)/.test(path))
    return failedSend('bad_request', 'path must be an absolute URL or start with a slash');
  return NO_TARGET.test(path) ? failedSend('bad_request', 'invalid request path') : undefined;
}

function headerSet(headers: readonly string[], targetHost: string): HeaderSet {
  let host: string | undefined;
  let connection = 'keep-alive';
  let lines = '';
  let problem: string | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    const lower = name.toLowerCase();
    problem ??=
      fieldProblem(name, value) ?? (NOT_TO_GIVE.has(lower) ? `the client writes ${lower} itself` : undefined);
    if (lower === 'host') {
      if (host !== undefined) problem ??= 'duplicate host header';
      host = value;
    } else if (lower === 'connection') {
      if (/(?:^|,)\s*close\s*(?:,|$)/i.test(value)) connection = 'close';
    } else lines += `${name}: ${value}\r\n`;
  }
  return {
    lines: `host: ${host ?? targetHost}\r\nconnection: ${connection}\r\n${lines}`,
    refusal: problem === undefined ? undefined : failedSend('bad_request', problem),
    heads: new Map(),
    kept: 0,
  };
}

function fieldProblem(name: string, value: string): string | undefined {
  if (!TOKEN.test(name)) return 'invalid header key';
  return NO_FIELD_VALUE.test(value) ? `invalid ${name} header` : undefined;
}

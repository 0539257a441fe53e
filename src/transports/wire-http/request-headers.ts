import type { SendOutcome } from '../../replay/ports.ts';
import { failedSend } from '../../replay/send-outcome.ts';
import type { HeaderList, HttpVersion } from '../../trace/record/record.ts';
import { valuesOf } from '../../wire/http1-head.ts';
import { createHttpHeaders } from '../request/http-headers.ts';

/** All of a request's head behind method and target, as bytes. Shared by many requests: never change them. */
export interface PreparedHeaders {
  /** Up to where a content-length and the empty line follow. */
  readonly front: Buffer;
  /** Complete, for requests that have no body and are not expected to. */
  readonly withoutBody: Buffer;
  /** Complete, with a length of 0. */
  readonly withEmptyBody: Buffer;
  /** They say that the connection ends behind the answer. */
  readonly isLast: boolean;
  /** The outcome of a request whose headers can't be sent. */
  readonly refusal: SendOutcome | undefined;
}

/** What a request is made with besides its record. */
export type HttpRequestContext = (recorded: HeaderList, httpVersion?: HttpVersion) => PreparedHeaders;

export interface HttpRequestOptions {
  origin: URL;
  /** In place of, or besides, the recorded ones. */
  headers?: HeaderList | undefined;
  /** Sends the recorded Host header instead of the target's. */
  keepHost?: boolean | undefined;
}

/**
 * The context of one target. Header lists are shared by the records of a block, so each is turned into bytes once.
 * Whole heads are not remembered: looking one up by its path costs as much as writing it, and a miss ten times that.
 */
export function createHttpRequestContext(options: HttpRequestOptions): HttpRequestContext {
  const { origin, headers = [], keepHost = false } = options;
  const headersFor = createHttpHeaders(headers, keepHost);
  const usual = new WeakMap<HeaderList, PreparedHeaders>();
  const old = new WeakMap<HeaderList, PreparedHeaders>();
  // Records of one kind share a list, and follow each other.
  let lastList: HeaderList | undefined;
  let last: PreparedHeaders | undefined;
  return (recorded, httpVersion) => {
    if (last !== undefined && recorded === lastList && httpVersion === undefined) return last;
    const known = httpVersion === undefined ? usual : old;
    let prepared = known.get(recorded);
    if (prepared === undefined) {
      const defaults =
        httpVersion === undefined ? usualFields(origin.host) : oldFields(recorded, origin.host);
      prepared = prepareHeaders(headersFor(recorded), defaults);
      known.set(recorded, prepared);
    }
    if (httpVersion === undefined) {
      lastList = recorded;
      last = prepared;
    }
    return prepared;
  };
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NO_FIELD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** The client frames its messages itself: left out of recorded headers, these can't be given either. */
const NOT_TO_GIVE = new Set([
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'trailer',
]);

/** The version of a request, and the fields it has where none are given; '' for none. */
interface OwnFields {
  readonly version: '1.0' | '1.1';
  readonly host: string;
  readonly connection: string;
}

function usualFields(host: string): OwnFields {
  return { version: '1.1', host, connection: 'keep-alive' };
}

/**
 * Makes the headers of HTTP/1.0, which knows neither Host nor kept connections; clients that have one of them from
 * later say so.
 */
function oldFields(recorded: HeaderList, host: string): OwnFields {
  const connection = connectionOf(valuesOf(recorded, 'connection').join());
  return { version: '1.0', host: valuesOf(recorded, 'host').length > 0 ? host : '', connection };
}

/** Reads what a Connection header says of what is behind the answer. */
function connectionOf(value: string): 'close' | 'keep-alive' | '' {
  const tokens = value.split(',').map((token) => token.trim().toLowerCase());
  if (tokens.includes('close')) return 'close';
  return tokens.includes('keep-alive') ? 'keep-alive' : '';
}

function prepareHeaders(headers: readonly string[], own: OwnFields): PreparedHeaders {
  let host: string | undefined;
  let { connection } = own;
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
      connection = connectionOf(value) || connection;
    } else lines += `${name}: ${value}\r\n`;
  }
  const ownLines = line('host', host ?? own.host) + line('connection', connection);
  const front = ` HTTP/${own.version}\r\n${ownLines}${lines}`;
  return {
    front: Buffer.from(front, 'latin1'),
    withoutBody: Buffer.from(`${front}\r\n`, 'latin1'),
    withEmptyBody: Buffer.from(`${front}content-length: 0\r\n\r\n`, 'latin1'),
    isLast: connection !== 'keep-alive',
    refusal: problem === undefined ? undefined : failedSend('bad_request', problem),
  };
}

function line(name: string, value: string): string {
  return value === '' ? '' : `${name}: ${value}\r\n`;
}

function fieldProblem(name: string, value: string): string | undefined {
  if (!TOKEN.test(name)) return 'invalid header key';
  return NO_FIELD_VALUE.test(value) ? `invalid ${name} header` : undefined;
}

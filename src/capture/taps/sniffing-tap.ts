import { CONNECTION_PREFACE } from '../../wire/http2/frames.ts';
import { BudgetShare } from '../memory/byte-budget.ts';
import { Http1Tap } from './http1-tap.ts';
import { Http2Tap } from './http2-tap.ts';
import { proxyHeaderBytes } from './proxy-header.ts';
import type { Tap, TapContext } from './tap.ts';

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Tells HTTP/2 (prior knowledge) from HTTP/1 by the client's first bytes and hands all on to the fitting tap. A PROXY
 * protocol header in front, which a load balancer writes for the server, is passed over.
 */
export function createSniffingTap(shared: TapContext, session: string): Tap {
  const budget = new BudgetShare(shared.budget);
  const context: TapContext = { ...shared, budget };
  let tap: Tap | undefined;
  let first = NOTHING;
  let firstNs = 0;
  /** Of a PROXY header, yet to come; undefined while nobody knows whether there is one. */
  let headerBytes: number | undefined;
  const skipHeader = (): void => {
    headerBytes ??= proxyHeaderBytes(first);
    if (headerBytes === undefined) return;
    const skipped = Math.min(headerBytes, first.length);
    headerBytes -= skipped;
    first = first.subarray(skipped);
  };
  const chosen = (): Tap | undefined => {
    if (headerBytes !== 0) skipHeader();
    if (headerBytes !== 0 || first.length === 0) return undefined;
    const length = Math.min(first.length, CONNECTION_PREFACE.length);
    const isPreface = first.compare(CONNECTION_PREFACE, 0, length, 0, length) === 0;
    if (isPreface && length < CONNECTION_PREFACE.length) return undefined;
    return isPreface ? new Http2Tap(context, session) : new Http1Tap(context, session);
  };
  const choose = (chunk: Buffer, atNs: number): void => {
    if (first.length === 0) firstNs = atNs;
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
    tap = chosen();
    if (tap === undefined) {
      first = Buffer.from(first); // the chunk is good for this call only
      return;
    }
    tap.fromClient(first, firstNs);
    first = NOTHING;
  };
  return {
    fromClient: (chunk, atNs) => (tap === undefined ? choose(chunk, atNs) : tap.fromClient(chunk, atNs)),
    fromServer: (chunk, atNs) => {
      // A server may speak first: SETTINGS, or a 408. The latter begins with the H of HTTP.
      tap ??= chunk[0] === 0x48 ? new Http1Tap(context, session) : new Http2Tap(context, session);
      if (first.length > 0) tap.fromClient(first, firstNs);
      first = NOTHING;
      tap.fromServer(chunk, atNs);
    },
    serverEnded: (atNs) => tap?.serverEnded(atNs),
    closed: (end, atNs) => {
      tap?.closed(end, atNs);
      budget.close();
    },
    release: () => {
      tap = undefined;
      first = NOTHING;
      budget.close();
    },
    get idle() {
      return tap === undefined || tap.idle;
    },
  };
}

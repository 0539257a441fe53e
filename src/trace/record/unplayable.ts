import type { HeaderList, TraceRecord } from './record.ts';

/** The outcome of a request whose server said that it did not process it. Its client may have sent it again. */
export const UPSTREAM_REFUSED = 'upstream_refused';

/**
 * Why nobody can play a record as it was, whatever the target. `tunnel`: a CONNECT. `upgrade`: the connection became
 * another protocol, or nobody saw whether it did. `transfer_coding`: the body is in a coding of the way (gzip,
 * chunked), which is not that of the target. `refused`: the server did not process it, and what its client sent again
 * is a record of its own.
 */
export type Unplayable = 'tunnel' | 'upgrade' | 'transfer_coding' | 'refused';

/** The one rule for what is left out of every replay; undefined for a record that can be played. */
export function unplayableBy(record: TraceRecord): Unplayable | undefined {
  const { outcome } = record;
  if (outcome.error === UPSTREAM_REFUSED) return 'refused';
  if (record.protocol === 'grpc') return undefined;
  if (record.method === 'CONNECT') return 'tunnel';
  if (outcome.status === 101) return 'upgrade';
  const isUnanswered = outcome.status === undefined;
  if (!isUnanswered && record.body.length === 0) return undefined;
  const { asksUpgrade, isCoded } = askedFor(record.headers);
  if (isUnanswered && asksUpgrade) return 'upgrade';
  return isCoded && record.body.length > 0 ? 'transfer_coding' : undefined;
}

interface AskedFor {
  /** Whether an upgrade to a protocol that is not HTTP is asked for. */
  readonly asksUpgrade: boolean;
  /** Whether the body is in a transfer coding besides chunked. */
  readonly isCoded: boolean;
}

/** Header lists are shared by many records, so each is looked through once. */
const known = new WeakMap<HeaderList, AskedFor>();

function askedFor(headers: HeaderList): AskedFor {
  let asked = known.get(headers);
  if (asked === undefined) {
    asked = {
      asksUpgrade: wordsOf(headers, 'upgrade').some((word) => !/^(h2c?|http\/.*)$/.test(word)),
      isCoded: wordsOf(headers, 'transfer-encoding').some((word) => !/^(chunked|identity)$/.test(word)),
    };
    known.set(headers, asked);
  }
  return asked;
}

/** What the headers of a name list, in lower case. */
function wordsOf(headers: HeaderList, name: string): string[] {
  const words: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() !== name) continue;
    words.push(...(headers[i + 1] as string).split(',').map((word) => word.trim().toLowerCase()));
  }
  return words.filter((word) => word !== '');
}

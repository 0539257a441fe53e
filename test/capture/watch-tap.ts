import { ByteBudget } from '../../src/capture/memory/byte-budget.ts';
import { createRedactor } from '../../src/capture/redact/redactor.ts';
import { createSniffingTap } from '../../src/capture/taps/sniffing-tap.ts';
import { guardTap, type Tap, type TapContext } from '../../src/capture/taps/tap.ts';
import { genericDialect } from '../../src/dialects/generic.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';

/** A tap of one connection, and all it said. */
export interface Watched {
  tap: Tap;
  records: TraceRecord[];
  context: TapContext;
  dropped: () => number;
  truncated: () => number;
  reasons: string[];
  unfollowed: [connections: number, bytes: number];
}

/** Opens a tap that keeps what it says in memory. */
export function watch(fields: Partial<TapContext> = {}): Watched {
  const records: TraceRecord[] = [];
  const reasons: string[] = [];
  const unfollowed: [connections: number, bytes: number] = [0, 0];
  let dropped = 0;
  let truncated = 0;
  const context: TapContext = {
    sink: {
      add(record, truncatedBytes) {
        // Bodies are only good until `add` returns: their memory is used again.
        const { body, outcome } = record;
        const response = outcome.response && Buffer.from(outcome.response);
        records.push({ ...record, body: Buffer.from(body), outcome: { ...outcome, response } });
        truncated += truncatedBytes;
      },
      drop(count) {
        dropped += count;
      },
      unfollowed(connections, bytes) {
        unfollowed[0] += connections;
        unfollowed[1] += bytes;
      },
    },
    dialect: genericDialect,
    redactor: createRedactor(),
    budget: new ByteBudget(1e8),
    maxBodyBytes: 1e6,
    keepResponses: true,
    onGaveUp: (reason) => reasons.push(reason),
    ...fields,
  };
  const tap = overwriteChunks(guardTap(createSniffingTap(context, 'run-h1'), context));
  return { tap, records, context, dropped: () => dropped, truncated: () => truncated, reasons, unfollowed };
}

/** Does to each chunk, once the tap has seen it, what the relay does: its memory is read into again. */
function overwriteChunks(tap: Tap): Tap {
  const lent = (chunk: Buffer, read: (chunk: Buffer) => void): void => {
    const own = Buffer.from(chunk);
    read(own);
    own.fill(0xdd);
  };
  return {
    fromClient: (chunk, atNs) => lent(chunk, (own) => tap.fromClient(own, atNs)),
    fromServer: (chunk, atNs) => lent(chunk, (own) => tap.fromServer(own, atNs)),
    serverEnded: (atNs) => tap.serverEnded(atNs),
    closed: (end, atNs) => tap.closed(end, atNs),
    get idle() {
      return tap.idle;
    },
  };
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summaryText } from '../../../src/cli/text/replay-text.ts';
import { REMEDIES } from '../../../src/results/verdict/remedies.ts';
import { unknownOutcome } from '../../../src/trace/record/record.ts';
import { ANCHOR_NS, documentInput, documentOf, MS, type Told } from '../../results/support.ts';
import { streamWith } from '../../support/stream-transport.ts';

const PLAIN: Told[] = Array.from({ length: 20 }, (_, i) => ({
  dueNs: i * 10 * MS,
  sentNs: i * 10 * MS,
  doneNs: (i * 10 + 1) * MS,
}));

/** Two messages of three left, the second of them 4 ms late; the server's came 20 ms apart, recorded 15 ms. */
const STREAM: Told = {
  record: { protocol: 'grpc', op: 'chat', stream: streamWith([0, 5 * MS, 9 * MS], [0, 15 * MS]) },
  dueNs: 300 * MS,
  sentNs: 300 * MS,
  doneNs: 340 * MS,
  outcome: {
    status: 0,
    stream: {
      timeScale: 1,
      sentNs: Float64Array.of(ANCHOR_NS + 300 * MS, ANCHOR_NS + 309 * MS),
      receivedNs: Float64Array.of(ANCHOR_NS + 310 * MS, ANCHOR_NS + 330 * MS),
      untimed: 0,
    },
  },
};

function tableOf(told: Told[]): string[] {
  const lines = summaryText(documentOf(told)).split('\n');
  const from = lines.findIndex((line) => line.startsWith('  op '));
  const height = lines.slice(from).findIndex((line) => !line.startsWith('  '));
  return lines.slice(from, from + height);
}

describe('what a run came to, for people', () => {
  it('has a line for the messages of streams', () => {
    const lines = summaryText(documentOf([...PLAIN, STREAM])).split('\n');
    assert.deepEqual(
      lines.filter((line) => line.startsWith('messages')),
      ['messages of streams: sent 2 of 3, late p99 -  max 4 ms   received gap p50 - (recorded -)'],
    );
  });

  it('says how many lookups of a cache hit, and nothing of a cache where nobody looked one up', () => {
    const document = documentOf(PLAIN);
    const cache = { hits: 3343, misses: 1112, hit_rate_percent: 75.039282 };
    const cacheIn = (of: typeof document) =>
      summaryText(of)
        .split('\n')
        .filter((line) => line.startsWith('cache'));
    assert.deepEqual(cacheIn({ ...document, cache }), ['cache: 3,343 hits, 1,112 misses, hit rate 75.04 %']);
    assert.deepEqual(cacheIn(document), []);
  });

  it('has lines for endless answers: how they ended, what came, and of how many nobody knows', () => {
    const answer = (endMs: number, isKnown: boolean, isCancelled: boolean): Told => ({
      record: { op: 'watch' },
      ...{ dueNs: 300 * MS, sentNs: 300 * MS, firstAnswerNs: 301 * MS, doneNs: endMs * MS },
      outcome: {
        isCancelled,
        endless: {
          areEventsKnown: isKnown,
          eventNs: isKnown
            ? Float64Array.of(ANCHOR_NS + 310 * MS, ANCHOR_NS + 330 * MS)
            : new Float64Array(0),
          untimed: 0,
          comments: isKnown ? 1 : 0,
        },
      },
    });
    const linesOf = (told: Told[]): string[] => {
      const lines = summaryText(documentOf([...PLAIN, ...told])).split('\n');
      const from = lines.findIndex((line) => line.startsWith('endless'));
      return from < 0 ? [] : lines.slice(from, from + 3);
    };
    assert.deepEqual(linesOf([]), []);
    assert.deepEqual(
      linesOf([answer(3330, true, true), answer(400, true, false), answer(500, false, false)]),
      [
        'endless answers: 3 (at most 3 open at one time): 2 ended by the server, 1 left as recorded',
        '  4 events, 2 comments   first event p50 -   gap p50 -  p99 -   longest silence 3000 ms',
        '  the events of 1 are not counted: nothing tells them apart',
      ],
    );
    assert.equal(linesOf([answer(500, false, false)])[1]?.includes('events of 1 are not'), true);
  });

  it('says of each op what came in place of which answer, and where nobody can know', () => {
    const answered = (recorded: number | undefined, status: number | undefined, count: number): Told[] =>
      PLAIN.slice(0, count).map((told) => ({
        ...told,
        record: { op: 'get', outcome: { ...unknownOutcome(), status: recorded } },
        outcome: { status, ok: status === 200, failure: status === undefined ? 'timeout' : undefined },
        disposition: status === 200 ? 'ok' : 'error',
      }));
    const linesOf = (told: Told[]) => summaryText(documentOf(told)).split('\n');
    const some = [...answered(200, 404, 5), ...answered(200, undefined, 2), ...answered(200, 200, 13)];
    const lines = linesOf(some);
    const at = lines.findIndex((line) => line.startsWith('answers'));
    assert.deepEqual(lines.slice(at, at + 3), [
      'answers: 7 of 20 of another status class than recorded (35 %)',
      '  get: 5 of 20 answered 4xx where the recording has 2xx',
      '  get: 2 of 20 got no answer where the recording has 2xx',
    ]);
    assert.doesNotMatch(linesOf(answered(200, 200, 20)).join('\n'), /answers/);
    assert.ok(
      linesOf([...answered(undefined, 404, 11), ...answered(200, 200, 9)]).includes(
        'answers: the recording has no status of 11 of 20 operations; whether they are as recorded is not known',
      ),
    );
  });

  it('names no recording, no record of a file and no flag of replay for what run made', () => {
    const failed: Told[] = PLAIN.map((told) => ({
      ...told,
      doneNs: 500 * MS,
      record: { op: 'get', outcome: unknownOutcome() },
      outcome: { status: 500, ok: false },
      disposition: 'error',
    }));
    const { plan } = documentInput();
    const linesOf = (format: string, timing: string): string => {
      const made = { ...plan, trace: { ...plan.trace, format }, options: { ...plan.options, timing } };
      const document = documentOf(failed, { plan: made });
      const reason = { code: 'drift', message: 'late', observed: 1, limit: 1 };
      document.fidelity.reasons.unshift(reason);
      assert.equal(document.errors[0]?.first_record === null, format !== 'trace');
      return summaryText(document);
    };
    const recorded = linesOf('trace', 'absolute');
    assert.match(recorded, /the recording has no status of 20 of 20/);
    assert.match(recorded, /first: engram-trace inspect .* --record/);
    assert.match(recorded, /a lower --rate-multiplier/);
    for (const [format, timing, less] of [
      ['scenario', 'absolute', /alone: try a lower --target-rate$/m],
      ['clients', 'clients', /alone: try fewer --clients$/m],
    ] as const) {
      const text = linesOf(format, timing);
      assert.doesNotMatch(text, /the recording|--record|--rate-multiplier/);
      assert.match(text, less);
    }
  });

  it('counts as sent of an op what left and what did not, also where the recording has no status', () => {
    const unknown = { op: 'get', outcome: unknownOutcome() };
    const left: Told[] = PLAIN.slice(0, 2).map((told) => ({ ...told, record: unknown }));
    const refused: Told[] = PLAIN.slice(2, 5).map(({ dueNs }) => ({
      record: unknown,
      dueNs,
      doneNs: dueNs + MS,
      outcome: { ok: false, failure: 'connect_failed' },
      disposition: 'error',
    }));
    const [, row] = tableOf([...left, ...refused]);
    assert.match(row ?? '', /^ {2}get +5 +3 /);
  });

  it('has a table of ops, with percentiles only where enough operations carry them', () => {
    const some = (op: string, count: number, ms: number): Told[] =>
      Array.from({ length: count }, (_, i) => ({
        record: { op },
        dueNs: i * MS,
        sentNs: i * MS,
        doneNs: (i + ms) * MS,
        ...(i === 0 && op === 'store' ? { outcome: { status: 500, ok: false }, disposition: 'error' } : {}),
      }));
    const told = [
      ...some('recall', 299, 2),
      ...some('store', 298, 4),
      ...some('', 28, 1),
      ...some('rare', 4, 3),
    ];
    assert.deepEqual(tableOf(told), [
      '  op      sent  errors  p50 ms   p90   p95   p99   max',
      '  recall   299       0    2.00  2.00  2.00  2.00  2.00',
      '  store    298       1    4.00  4.00  4.00     -  4.00',
      '  (none)    28       0    1.00     -     -     -  1.00',
      '  rare       4       0       -     -     -     -  3.00',
    ]);
  });

  it('keeps that table as wide as a terminal and twenty rows high, and what it leaves out is summed', () => {
    const long = (i: number) => `GET /api/v1/${'\u{1f600}'.repeat(60)}/${'a'.repeat(40)}/${i}`;
    const told = Array.from({ length: 30 }, (_, i) => ({
      record: { op: long(i) },
      dueNs: i * MS,
      sentNs: i * MS,
      doneNs: (i + 1 + i) * MS,
    }));
    const lines = tableOf([...told, ...told.slice(0, 20)]);
    assert.equal(lines.length, 1 + 20 + 1);
    assert.deepEqual(lines.at(-1)?.trim().split(/ {2,}/), [
      'and 10 more',
      '10',
      '0',
      '-',
      '-',
      '-',
      '-',
      '30.0',
    ]);
    for (const line of lines) assert.ok(line.length <= 100, line);
    const names = lines.slice(1, -1).map((line) => line.trim().split(/ {2,}/)[0] ?? '');
    assert.equal(new Set(names).size, 20);
    for (const name of names) assert.match(name, /^GET \/api\/v1\/(\u{1f600})+…a+\/\d+$/u);
  });

  it('counts in it the failures of operations of which no byte left', () => {
    const refused = PLAIN.slice(0, 6).map(
      (each): Told => ({
        ...each,
        sentNs: undefined,
        outcome: { status: undefined, ok: false, failure: 'connect_failed' },
        disposition: 'error',
      }),
    );
    assert.equal(tableOf(refused)[1]?.replaceAll(/ +/g, ' '), ' recall 6 6 - - - - -');
  });

  it('tells which address of a name got what, where there is more than one', () => {
    const linesOf = (
      ...uses: [protocol: 'http' | 'grpc', address: string, got: number | null, passed: number | null][]
    ) => {
      const addresses = uses.map(([protocol, address, connections, failed_attempts]) => ({
        protocol,
        address,
        connections,
        failed_attempts,
      }));
      const document = documentOf(PLAIN);
      const text = summaryText({ ...document, target: { ...document.target, addresses } });
      return text.split('\n').filter((line) => line.includes('by address'));
    };
    assert.deepEqual(
      linesOf(['http', '10.0.0.1', 25, 0], ['http', '10.0.0.2', 0, 25], ['grpc', '10.0.0.3', 2, 0]),
      ['HTTP connections by address: 10.0.0.1 25, 10.0.0.2 0 (passed over 25 times)'],
    );
    assert.deepEqual(linesOf(['grpc', '::1', null, null], ['grpc', '127.0.0.1', null, null]), [
      'gRPC connections by address: ::1 not known, 127.0.0.1 not known',
    ]);
  });

  it('names what helps beside each reason', () => {
    const shed: Told = { ...(PLAIN[0] as Told), sentNs: undefined, doneNs: undefined, disposition: 'shed' };
    const lines = summaryText(documentOf([...PLAIN, shed])).split('\n');
    const at = lines.findIndex((line) => line.startsWith('  shed: '));
    assert.equal(lines[at + 1], `    what helps: ${REMEDIES.shed}`);
  });

  it('has none where there were no streams, and no numbers where nothing left', () => {
    assert.doesNotMatch(summaryText(documentOf(PLAIN)), /messages of streams/);
    const unsent: Told = { ...STREAM, sentNs: undefined, doneNs: undefined, disposition: 'shed' };
    assert.match(
      summaryText(documentOf([...PLAIN, unsent])),
      /streams: sent 0 of 3, late p99 - {2}max - {3}received gap p50 - \(recorded -\)/,
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusClass } from '../../../src/results/answers/status-class.ts';
import type { ResultsDocument } from '../../../src/results/document/results-document.ts';
import { OpMetrics } from '../../../src/results/tally/op-metrics.ts';
import { statusFindings } from '../../../src/results/verdict/status-findings.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { unknownOutcome } from '../../../src/trace/record/record.ts';
import { documentInput, documentOf, MS, type Told } from '../support.ts';

interface Pair {
  op?: string;
  protocol?: TraceRecord['protocol'];
  recorded: number | undefined;
  /** Undefined: no answer. */
  replayed: number | undefined;
  times?: number;
}

/** One operation every 20 ms, each answered as told. */
function told(pairs: readonly Pair[]): Told[] {
  const each = pairs.flatMap((pair) => Array.from({ length: pair.times ?? 1 }, () => pair));
  return each.map(({ op = 'get', protocol = 'http', recorded, replayed }, i): Told => {
    const isOk = replayed !== undefined && (protocol === 'grpc' ? replayed === 0 : replayed < 400);
    const failure = replayed === undefined ? 'connection_reset' : undefined;
    return {
      record: { op, protocol, outcome: { ...unknownOutcome(), status: recorded } },
      dueNs: i * 20 * MS,
      sentNs: i * 20 * MS,
      doneNs: (i * 20 + 1) * MS,
      outcome: { status: replayed, ok: isOk, failure },
      disposition: isOk ? 'ok' : 'error',
    };
  });
}

function documentWith(pairs: readonly Pair[], expectMismatch = 0): ResultsDocument {
  const { plan } = documentInput();
  const options = { ...plan.options, expect_mismatch: expectMismatch };
  return documentOf(told(pairs), { plan: { ...plan, options } });
}

function verdictOf({ fidelity }: ResultsDocument): [string, string[]] {
  return [fidelity.verdict, fidelity.reasons.map(({ code }) => code)];
}

const MISMATCH = ['status_mismatch'];

describe('classes of status', () => {
  it('are the first digit of HTTP, and who is to blame of gRPC', () => {
    const http = [100, 200, 204, 304, 404, 503, 0, 600, 999].map((status) => statusClass('http', status));
    assert.deepEqual(http, ['1xx', '2xx', '2xx', '3xx', '4xx', '5xx', 'other', 'other', 'other']);
    const grpc = Array.from({ length: 18 }, (_, code) => statusClass('grpc', code));
    const codesOf = (name: string) => grpc.flatMap((each, code) => (each === name ? [code] : []));
    assert.deepEqual(codesOf('ok'), [0]);
    assert.deepEqual(codesOf('client_error'), [1, 3, 5, 6, 7, 8, 9, 10, 11, 16]);
    assert.deepEqual(codesOf('server_error'), [2, 4, 12, 13, 14, 15, 17]);
    assert.equal(statusClass('http', undefined), 'none');
    assert.equal(statusClass('grpc', undefined), 'none');
  });
});

describe('ends of kept connections', () => {
  const met = (failures: number): ResultsDocument => {
    const all = told([{ recorded: 200, replayed: 200, times: 400 }]);
    const closed = all.slice(0, failures).map((each): Told => {
      const outcome = { status: undefined, ok: false, failure: 'keepalive_closed' as const };
      return { ...each, outcome, disposition: 'error' };
    });
    return documentOf([...closed, ...all.slice(failures)]);
  };

  it('are counted, and degrade above one in a hundred, with a remedy', () => {
    const codes = ({ fidelity }: ResultsDocument) => fidelity.reasons.map(({ code }) => code);
    const few = met(4);
    assert.deepEqual(few.fidelity.keepalive_closed, { operations: 4, share: 0.01 });
    assert.ok(!codes(few).includes('keepalive_closed'));
    const many = met(5);
    assert.deepEqual(many.fidelity.keepalive_closed, { operations: 5, share: 0.0125 });
    const reason = many.fidelity.reasons.find(({ code }) => code === 'keepalive_closed');
    assert.deepEqual([reason?.observed, reason?.limit], [0.0125, 0.01]);
    assert.match(reason?.message ?? '', /keep-alive time of the target is shorter/);
  });
});

describe('answers of another class than recorded', () => {
  it('are counted in total, op by op, and by what became what', () => {
    const document = documentWith([
      { op: 'remember', recorded: 201, replayed: 200, times: 4 },
      { op: 'get', recorded: 200, replayed: 404, times: 3 },
      { op: 'get', recorded: 200, replayed: undefined, times: 1 },
      { op: 'recall', protocol: 'grpc', recorded: 0, replayed: 14, times: 2 },
    ]);
    assert.equal(document.summary.status_mismatches, 9);
    assert.equal(document.summary.status_class_mismatch_rate, 0.6);
    assert.deepEqual(document.status_classes, {
      recorded_unknown: 0,
      overall: { compared: 10, mismatches: 6, mismatch_rate: 0.6 },
      ops: {
        get: { compared: 4, mismatches: 4, mismatch_rate: 1 },
        recall: { compared: 2, mismatches: 2, mismatch_rate: 1 },
        remember: { compared: 4, mismatches: 0, mismatch_rate: 0 },
      },
      changes: [
        { op: 'get', recorded: '2xx', replayed: '4xx', count: 3 },
        { op: 'recall', recorded: 'ok', replayed: 'server_error', count: 2 },
        { op: 'get', recorded: '2xx', replayed: 'none', count: 1 },
      ],
    });
  });

  it('degrade the verdict above 1 % and void it above 10 %', () => {
    const share = (wrong: number) =>
      verdictOf(
        documentWith([
          { recorded: 200, replayed: 404, times: wrong },
          { recorded: 200, replayed: 200, times: 1000 - wrong },
        ]),
      );
    assert.deepEqual(share(10), ['valid', []]);
    assert.deepEqual(share(11), ['degraded', MISMATCH]);
    assert.deepEqual(share(100), ['degraded', MISMATCH]);
    assert.deepEqual(share(101), ['invalid', MISMATCH]);
  });

  it('void nothing where there is only one, and pass up to the share that is expected', () => {
    const fine = { recorded: 200, replayed: 200 };
    const wrong = { recorded: 200, replayed: 404 };
    assert.deepEqual(verdictOf(documentWith([wrong, { ...fine, times: 4 }])), ['degraded', MISMATCH]);
    const some = [
      { ...wrong, times: 5 },
      { ...fine, times: 15 },
    ];
    const withExpected = (share: number) => verdictOf(documentWith(some, share));
    assert.deepEqual(withExpected(0.2), ['invalid', MISMATCH]);
    assert.deepEqual(withExpected(0.25), ['valid', []]);
    assert.deepEqual(withExpected(1), ['valid', []]);
    assert.equal(documentWith(some, 1).status_classes.overall.mismatches, 5, 'told all the same');
    const few = [
      { ...wrong, times: 8 },
      { ...fine, times: 92 },
    ];
    assert.deepEqual(verdictOf(documentWith(few, 0.05)), ['degraded', MISMATCH]);
  });

  it('are none where the recording has the same kind of error, nor where it says nothing', () => {
    const same = documentWith([
      { recorded: 404, replayed: 410, times: 5 },
      { protocol: 'grpc', recorded: 14, replayed: 13, times: 5 },
    ]);
    assert.deepEqual([same.summary.error_rate, same.status_classes.overall.mismatches], [1, 0]);
    assert.deepEqual(verdictOf(same), ['valid', []]);
    const unknown = documentWith([{ recorded: undefined, replayed: 404, times: 9 }]);
    assert.deepEqual(verdictOf(unknown), ['invalid', ['nothing_succeeded']]);
    const some = documentWith([
      { recorded: undefined, replayed: 404, times: 9 },
      { recorded: undefined, replayed: 200 },
    ]);
    assert.deepEqual(verdictOf(some), ['valid', []]);
    assert.equal(unknown.status_classes.recorded_unknown, 9);
    assert.equal(unknown.summary.status_class_mismatch_rate, null);
  });

  it('go by the status that came, whether or not the answer was whole', () => {
    const [answered] = told([{ recorded: 200, replayed: 200 }]);
    const broken: Told = {
      ...(answered as Told),
      outcome: { status: 200, ok: false, failure: 'connection_closed' },
      disposition: 'error',
    };
    const document = documentOf([broken]);
    assert.deepEqual([document.summary.error_rate, document.status_classes.overall.mismatches], [1, 0]);
  });

  it('leave out what was cut off: nobody waited for its answer', () => {
    const [first] = told([{ recorded: 200, replayed: undefined }]);
    const { status_classes: classes } = documentOf([{ ...(first as Told), disposition: 'cut_off' }]);
    assert.deepEqual([classes.overall.compared, classes.recorded_unknown], [0, 0]);
  });

  it('come with the remedy for what came instead', () => {
    const remedy = (pair: Pair): string =>
      documentWith([{ ...pair, times: 4 }]).fidelity.reasons[0]?.message ?? '';
    const notFound = remedy({ recorded: 200, replayed: 404 });
    assert.match(notFound, /most often 4xx for 2xx.*fresh server knows none of the recorded ids.*-H/);
    assert.match(remedy({ protocol: 'grpc', recorded: 0, replayed: 5 }), /knows none of the recorded ids/);
    for (const replayed of [503, undefined]) {
      assert.match(remedy({ recorded: 200, replayed }), /fails where the recorded server did not/);
    }
    assert.match(remedy({ recorded: 404, replayed: 200 }), /holds other data, or is another version/);
    const overall = new OpMetrics();
    overall.statuses.add('2xx', '4xx');
    const [cold] = statusFindings({ overall, cacheKnown: true }, 0);
    assert.match(cold?.reason.message ?? '', /cache that is not filled first misses/);
  });
});

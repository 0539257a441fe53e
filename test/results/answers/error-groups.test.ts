import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Operation } from '../../../src/replay/ports.ts';
import { NO_WAITS } from '../../../src/replay/release/hold-meter.ts';
import { ErrorGroups, errorCode } from '../../../src/results/answers/error-groups.ts';
import { makeRecord, outcome } from '../support.ts';

function failed(given: Partial<Operation>): Operation {
  return {
    record: makeRecord(),
    ...NO_WAITS,
    releasedNs: 0,
    number: 0,
    sequence: 0,
    recordNumber: 0,
    dueNs: 0,
    readyNs: 0,
    sentNs: 0,
    firstAnswerNs: undefined,
    doneNs: 1,
    outcome: outcome({ ok: false }),
    ...given,
  };
}

describe('errorCode', () => {
  const http = makeRecord();
  const grpc = makeRecord({ protocol: 'grpc' });
  const rows: [string, Operation, 'error' | 'cut_off'][] = [
    ['http_503', failed({ record: http, outcome: outcome({ status: 503 }) }), 'error'],
    ['grpc_14_unavailable', failed({ record: grpc, outcome: outcome({ status: 14 }) }), 'error'],
    ['grpc_99', failed({ record: grpc, outcome: outcome({ status: 99 }) }), 'error'],
    // A connection that breaks in the middle of a good answer has a status, and failed all the same.
    ['connection_reset', failed({ outcome: outcome({ status: 200, failure: 'connection_reset' }) }), 'error'],
    ['timeout', failed({ outcome: outcome({ status: undefined, failure: 'timeout' }) }), 'error'],
    ['cut_off', failed({ outcome: outcome({ status: undefined, failure: 'cancelled' }) }), 'cut_off'],
    ['no_status', failed({ outcome: outcome({ status: undefined }) }), 'error'],
    ['no_outcome', failed({ outcome: undefined }), 'error'],
  ];
  for (const [want, operation, disposition] of rows) {
    it(want, () => assert.equal(errorCode(operation, disposition), want));
  }
});

describe('ErrorGroups', () => {
  it('gives the words of a status as the example where the answer had none of its own', () => {
    const grpc = makeRecord({ protocol: 'grpc' });
    const rows = [
      [{ outcome: outcome({ status: 503 }) }, 'HTTP 503 Service Unavailable'],
      [{ outcome: outcome({ status: 799 }) }, 'HTTP 799'],
      [{ record: grpc, outcome: outcome({ status: 14 }) }, 'gRPC 14 unavailable'],
      [{ outcome: outcome({ status: 503, detail: 'full' }) }, 'full'],
      [{ outcome: outcome({ status: 200, failure: 'connection_reset' }) }, ''],
    ] as const;
    for (const [given, example] of rows) {
      const groups = new ErrorGroups();
      groups.add(failed(given), 'error');
      assert.equal(groups.list()[0]?.example, example);
    }
  });

  it('names the first record of each kind, and counts errors that are as recorded', () => {
    const groups = new ErrorGroups();
    const notFound = makeRecord({ outcome: { ...makeRecord().outcome, status: 404, ok: false } });
    const answer = outcome({ status: 404, ok: false, detail: 'no such memory' });
    groups.add(failed({ number: 3, recordNumber: 103, record: notFound, outcome: answer }), 'error');
    groups.add(failed({ number: 5, recordNumber: 105, outcome: answer }), 'error');
    groups.add(
      failed({ number: 6, recordNumber: 106, record: makeRecord({ op: 'get' }), outcome: answer }),
      'error',
    );
    assert.deepEqual(groups.list(), [
      {
        code: 'http_404',
        op: 'recall',
        count: 2,
        asRecorded: 1,
        firstRecord: 103,
        example: 'no such memory',
      },
      { code: 'http_404', op: 'get', count: 1, asRecorded: 0, firstRecord: 106, example: 'no such memory' },
    ]);
  });

  it('holds a bounded number of kinds and counts the rest together', () => {
    const groups = new ErrorGroups(10);
    for (let i = 0; i < 1000; i++) {
      groups.add(failed({ number: i, outcome: outcome({ status: 400 + i, ok: false }) }), 'error');
    }
    const list = groups.list();
    assert.equal(list.length, 11);
    assert.equal(
      list.reduce((sum, group) => sum + group.count, 0),
      1000,
    );
    assert.deepEqual([list[0]?.code, list[0]?.count, list[0]?.firstRecord], ['other', 990, undefined]);
  });
});

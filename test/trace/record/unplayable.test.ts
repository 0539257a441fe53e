import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyLeftOut, leftOutText } from '../../../src/replay/left-out.ts';
import { createSelection } from '../../../src/replay/plan/selection.ts';
import { emptyRecord, type TraceRecord, unknownOutcome } from '../../../src/trace/record/record.ts';
import { UPSTREAM_REFUSED, unplayableBy } from '../../../src/trace/record/unplayable.ts';

const BODY = Buffer.from('body');

function record(fields: Partial<TraceRecord>, status: number | null = 200, error = ''): TraceRecord {
  return {
    ...emptyRecord(),
    method: 'GET',
    path: '/',
    ...fields,
    outcome: { ...unknownOutcome(), status: status ?? undefined, error },
  };
}

const websocket = ['Host', 'x', 'Connection', 'Upgrade', 'UPGRADE', 'WebSocket'];

test('unplayable: tunnels, granted upgrades, transfer codings and calls refused unprocessed, and nothing else', () => {
  const cases: [TraceRecord, string | undefined][] = [
    [record({ method: 'CONNECT', path: 'db:5432' }), 'tunnel'],
    [record({ method: 'CONNECT', path: 'db:5432' }, 407), 'tunnel'],
    [record({ headers: websocket }, 101), 'upgrade'],
    [record({}, 101), 'upgrade'],
    [record({ headers: websocket }, null, 'client_aborted'), 'upgrade'],
    [record({ headers: websocket }, 426), undefined],
    [record({ headers: ['Connection', 'Upgrade', 'Upgrade', 'h2c'] }, null), undefined],
    [record({ headers: ['Upgrade', 'h2c, websocket'] }, null), 'upgrade'],
    [record({ headers: ['Transfer-Encoding', 'gzip, chunked'], body: BODY }), 'transfer_coding'],
    [
      record({ headers: ['transfer-encoding', 'x-gzip', 'TRANSFER-ENCODING', 'chunked'], body: BODY }),
      'transfer_coding',
    ],
    [record({ headers: ['Transfer-Encoding', ' Chunked , identity'], body: BODY }), undefined],
    [record({ headers: ['Content-Encoding', 'gzip'], body: BODY }), undefined],
    [record({ protocol: 'grpc', method: 'POST' }, null, UPSTREAM_REFUSED), 'refused'],
    [record({}, null, UPSTREAM_REFUSED), 'refused'],
    [record({ protocol: 'grpc', method: 'POST' }, 14), undefined],
    [record({}, null, 'upstream_reset'), undefined],
  ];
  for (const [each, reason] of cases) {
    assert.equal(
      unplayableBy(each),
      reason,
      `${each.method} ${each.headers.join(' ')} ${each.outcome.status}`,
    );
  }
});

test('unplayable: each record that is left out counts under one reason, and people are told each in words', () => {
  const { takes, excluded } = createSelection(
    { only: (each) => each.path !== '/not', dangerOf: undefined },
    () => true,
  );
  const taken = [
    record({ path: '/not', method: 'CONNECT' }),
    record({ method: 'CONNECT', bodyBytesMissing: 1 }),
    record({ bodyBytesMissing: 1 }, null, UPSTREAM_REFUSED),
    record({ bodyBytesMissing: 1 }),
    record({}),
  ].map(takes);
  assert.deepEqual(taken, [false, false, false, false, true]);
  assert.deepEqual(excluded, { ...emptyLeftOut(), filtered_out: 1, tunnel: 1, refused: 1, incomplete: 1 });
  assert.equal(
    leftOutText(excluded),
    '1 by --only, 1 tunnels (CONNECT), 1 refused unprocessed by the server (GOAWAY, REFUSED_STREAM), 1 incomplete',
  );
});

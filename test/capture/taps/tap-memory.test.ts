import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteBudget } from '../../../src/capture/memory/byte-budget.ts';
import { genericDialect } from '../../../src/dialects/generic.ts';
import { CONNECTION_PREFACE } from '../../../src/wire/http2/frames.ts';
import fc from '../../support/fast-check.ts';
import { DATA, END_STREAM, frame, HEADERS, headers, message, RESET, SETTINGS } from '../http2-frames.ts';
import { watch } from '../watch-tap.ts';

const CALL = {
  ':method': 'POST',
  ':path': '/a.B/C',
  ':scheme': 'http',
  'content-type': 'application/grpc',
};
const http1 = [
  'GET /a HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n',
  `5\r\nabcde\r\n${'1\r\na\r\n'.repeat(300)}`,
  '0\r\n\r\n',
  `GET /long HTTP/1.1\r\nX-A: ${'b'.repeat(3_000)}\r\n`,
  `X-B: ${'c'.repeat(9_000)}\r\n`,
  '\r\n',
  'GET /c HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc',
  `HTTP/1.1 200 OK\r\nX-A: ${'b'.repeat(3_000)}\r\n`,
  'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'x'.repeat(2_000),
].map((text) => Buffer.from(text, 'latin1'));
const http2 = [
  CONNECTION_PREFACE,
  frame(SETTINGS, 0, 0),
  frame(SETTINGS, 0, 0, Buffer.from([0, 1, 0, 16, 0, 0])),
  ...[1, 3, 5].flatMap((stream) => [
    headers(stream, CALL),
    headers(stream, { ...CALL, 'content-type': 'text/plain' }),
    headers(stream, { ':status': '200' }),
    headers(stream, { 'grpc-status': '0' }, END_STREAM),
    frame(DATA, 0, stream, message('a'.repeat(500))),
    Buffer.concat(Array(200).fill(frame(DATA, 0, stream, message('b')))),
    frame(DATA, END_STREAM, stream),
    frame(RESET, 0, stream, Buffer.alloc(4)),
  ]),
  frame(HEADERS, 0, 7, Buffer.alloc(5_000)).subarray(0, 3_000),
];

type Side = 'c' | 's';

/** What sides say in which order, and on what budget; some of it makes no sense. */
const conversation = (parts: readonly Buffer[]) =>
  fc.record({
    steps: fc.array(fc.tuple(fc.constantFrom<Side>('c', 's'), fc.constantFrom(...parts)), { maxLength: 25 }),
    budgetBytes: fc.integer({ min: 0, max: 30_000 }),
    isBroken: fc.boolean(),
  });

const brokenDialect = {
  ...genericDialect,
  describe: () => {
    throw new Error('broken dialect');
  },
};

describe('memory of taps', () => {
  for (const [name, first, parts] of [
    ['HTTP/1', Buffer.from('GET /first HTTP/1.1\r\n\r\n'), http1],
    ['HTTP/2', CONNECTION_PREFACE, http2],
  ] as const) {
    it(`never takes more than there is, and gives all of it back when ${name} connections end`, () => {
      fc.assert(
        fc.property(conversation(parts), ({ steps, budgetBytes, isBroken }) => {
          const budget = new ByteBudget(budgetBytes);
          const { tap } = watch({ budget, ...(isBroken ? { dialect: brokenDialect } : {}) });
          tap.fromClient(first, 0);
          for (const [i, [side, bytes]] of steps.entries()) {
            if (side === 'c') tap.fromClient(bytes, i);
            else tap.fromServer(bytes, i);
            assert.ok(budget.takenBytes >= 0 && budget.takenBytes <= budgetBytes);
          }
          tap.closed('client_aborted', 99);
          assert.equal(budget.takenBytes, 0);
        }),
        { numRuns: 500 },
      );
    });
  }

  it('counts a request there is no room for, and records the next one on the same connection', () => {
    const budget = new ByteBudget(100_000);
    const { tap, records, dropped } = watch({ budget });
    budget.take('record', 80_000); // what a slow disk leaves waiting
    tap.fromClient(Buffer.from('GET /lost HTTP/1.1\r\n\r\n'), 1);
    tap.fromServer(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), 2);
    budget.give(80_000);
    tap.fromClient(Buffer.from('GET /kept HTTP/1.1\r\n\r\n'), 3);
    tap.fromServer(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), 4);
    assert.deepEqual([records.map(({ path }) => path), dropped()], [['/kept'], 1]);
  });

  it('follows a connection no further whose head there is no room for, and says so', () => {
    const budget = new ByteBudget(50_000);
    const { tap, reasons, dropped, records } = watch({ budget });
    tap.fromClient(Buffer.from(`GET /a HTTP/1.1\r\nX: ${'a'.repeat(40_000)}`), 1);
    assert.deepEqual([reasons, dropped()], [['no room left for a head'], 1]);
    tap.closed('client_aborted', 2);
    assert.deepEqual([records.length, budget.takenBytes], [0, 0]);
  });
});

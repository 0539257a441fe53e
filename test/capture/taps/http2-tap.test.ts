import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseGrpcTimeout } from '../../../src/capture/taps/watched-call.ts';
import { createBlockBuilder } from '../../../src/trace/block/block-builder.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { CONNECTION_PREFACE } from '../../../src/wire/http2/frames.ts';
import fc from '../../support/fast-check.ts';
import { splitAt } from '../../wire/split-bytes.ts';
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  headers,
  message,
  RESET,
  SETTINGS,
} from '../http2-frames.ts';
import { makeRecord } from '../make-record.ts';
import { watch } from '../watch-tap.ts';

/** Who sends what, in order; `end` is how the connection ends. */
type Turn = ['c' | 's', ...bytes: (Buffer | string)[]];

interface Followed {
  records: TraceRecord[];
  dropped: number;
  unfollowed: readonly [number, number];
}

const bytesOf = (turn: Turn): Buffer =>
  Buffer.concat((turn.slice(1) as (Buffer | string)[]).map((part) => Buffer.from(part as string, 'latin1')));

function follow(turns: readonly Turn[], cut: (bytes: Buffer) => Buffer[] = (bytes) => [bytes]): Followed {
  const { tap, records, context, dropped, unfollowed } = watch();
  let nowNs = 0;
  for (const turn of turns) {
    nowNs += 10;
    for (const piece of cut(bytesOf(turn))) {
      if (turn[0] === 'c') tap.fromClient(piece, nowNs);
      else tap.fromServer(piece, nowNs);
    }
  }
  tap.closed('client_aborted', nowNs + 10);
  assert.equal(context.budget.takenBytes, 0, 'all bytes are given back');
  return { records, dropped: dropped(), unfollowed };
}

/** Follows them in one piece, byte by byte and in random pieces: the records are the same. */
function followAnyhow(turns: readonly Turn[]): Followed {
  const whole = follow(turns);
  const bytewise = follow(turns, (bytes) => [...bytes].map((byte) => Buffer.from([byte])));
  assert.deepEqual(bytewise.records, whole.records);
  assert.equal(bytewise.dropped, whole.dropped);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (fractions) => {
      assert.deepEqual(follow(turns, (bytes) => splitAt(bytes, fractions)).records, whole.records);
    }),
    { numRuns: 20 },
  );
  return whole;
}

const brief = ({ path, outcome }: TraceRecord): string => `${path} ${outcome.status} ${outcome.error}`;
const OPEN = Buffer.concat([CONNECTION_PREFACE, frame(SETTINGS, 0, 0)]);

function get(stream: number, path: string): Buffer {
  return headers(
    stream,
    { ':method': 'GET', ':scheme': 'http', ':path': path, ':authority': 'x' },
    END_STREAM,
  );
}

function callHead(stream: number, path = '/t.S/M'): Buffer {
  return headers(stream, { ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
}

function call(stream: number, path = '/t.S/M'): Buffer {
  return Buffer.concat([callHead(stream, path), frame(DATA, END_STREAM, stream, message('hello'))]);
}

function ok(stream: number, body = 'ok'): Buffer {
  return Buffer.concat([headers(stream, { ':status': '200' }), frame(DATA, END_STREAM, stream, body)]);
}

function grpcOk(stream: number): Buffer {
  return Buffer.concat([
    headers(stream, { ':status': '200', 'content-type': 'application/grpc' }),
    frame(DATA, 0, stream, message('fine')),
    headers(stream, { 'grpc-status': '0' }, END_STREAM),
  ]);
}

/** An index that is in no table: the block can't be read, and none behind it. */
const badHead = (stream: number, flags: number): Buffer =>
  frame(HEADERS, END_HEADERS | flags, stream, '\xff\x10');
/** A frame that a connection does not survive. */
const BAD_FRAME = frame(RESET, 0, 1, 'x');

describe('a gRPC call', () => {
  const page = frame(DATA, END_STREAM, 1, '<html>Bad Gateway</html>');
  const openPage = frame(DATA, 0, 1, '<html>Bad Gateway</html>');
  const reset = frame(RESET, 0, 1, Buffer.from([0, 0, 0, 8]));
  const html = headers(1, { ':status': '502', 'content-type': 'text/html' });
  const grpc = { ':status': '200', 'content-type': 'application/grpc' };
  const answers: [string, Turn[], string][] = [
    ['an HTTP error with a page', [['s', html, page]], 'undefined http_502 24'],
    [
      'an HTTP error without a body',
      [['s', headers(1, { ':status': '503' }, END_STREAM)]],
      'undefined http_503 0',
    ],
    [
      'an error that says it is gRPC',
      [['s', headers(1, { ...grpc, ':status': '500' }), page]],
      'undefined http_500 24',
    ],
    [
      'a page its client does not wait for',
      [
        ['s', html, openPage],
        ['c', reset],
      ],
      'undefined http_502 24',
    ],
    ['a page its server resets', [['s', html, openPage, reset]], 'undefined http_502 24'],
    ['a page that ends with the connection', [['s', html, openPage]], 'undefined http_502 24'],
    [
      'an error behind an informational answer',
      [['s', headers(1, { ':status': '103' }), html, page]],
      'undefined http_502 24',
    ],
    [
      'a page with status 200',
      [['s', headers(1, { ':status': '200', 'content-type': 'text/html' }), page]],
      'undefined no_grpc_status 24',
    ],
    ['no gRPC where it should be', [['s', headers(1, grpc), page]], 'undefined bad_response 24'],
    [
      'messages, and then no gRPC',
      [['s', headers(1, grpc), frame(DATA, 0, 1, message('ab')), page]],
      'undefined bad_response 26',
    ],
    ['a status alone', [['s', headers(1, { ...grpc, 'grpc-status': '14' }, END_STREAM)]], '14  0'],
    ['no status at all', [['s', headers(1, grpc, END_STREAM)]], 'undefined no_grpc_status 0'],
    [
      'a status beyond all codes',
      [['s', headers(1, { ...grpc, 'grpc-status': '4711' }, END_STREAM)]],
      '4711  0',
    ],
    [
      'a status beyond all numbers',
      [['s', headers(1, { ...grpc, 'grpc-status': '2147483648' }, END_STREAM)]],
      'undefined no_grpc_status 0',
    ],
    [
      'a status that is a word',
      [['s', headers(1, { ...grpc, 'grpc-status': 'OK' }, END_STREAM)]],
      'undefined no_grpc_status 0',
    ],
    [
      'a negative status',
      [['s', headers(1, { ...grpc, 'grpc-status': '-1' }, END_STREAM)]],
      'undefined no_grpc_status 0',
    ],
    [
      'an HTTP status that is none',
      [['s', headers(1, { ':status': '5\x1b[2J' }), page]],
      'undefined bad_response 24',
    ],
    [
      'an HTTP status of four digits',
      [['s', headers(1, { ':status': '5020' }), page]],
      'undefined bad_response 24',
    ],
  ];
  for (const [name, turns, expected] of answers) {
    it(`is recorded when the answer is ${name}`, () => {
      const { records, dropped } = followAnyhow([['c', OPEN, call(1)], ...turns]);
      assert.equal(dropped, 0);
      const [record] = records;
      assert.deepEqual([records.length, record?.body.toString(), record?.stream], [1, 'hello', undefined]);
      const { status, error, responseBytes, ok: isOk } = (record as TraceRecord).outcome;
      assert.deepEqual([`${status} ${error} ${responseBytes}`, isOk], [expected, false]);
    });
  }

  it('is recorded, as not whole, when the request is no gRPC, and the others of its connection are not touched', () => {
    for (const nonsense of ['{"json": true}', '\x02\0\0\0\x01a', '\x80\0\0\0\0']) {
      const { records, dropped } = followAnyhow([
        [
          'c',
          OPEN,
          callHead(1),
          frame(DATA, 0, 1, message('first')),
          frame(DATA, END_STREAM, 1, nonsense),
          call(3),
        ],
        ['s', headers(1, { ':status': '200', 'grpc-status': '13' }, END_STREAM), grpcOk(3)],
      ]);
      assert.equal(dropped, 0);
      assert.deepEqual(records.map(brief), ['/t.S/M 13 request_malformed', '/t.S/M 0 ']);
      assert.equal(records[0]?.bodyBytesMissing, nonsense.length);
      assert.deepEqual(
        records[0]?.stream?.messages.map(({ data }) => data.toString()),
        ['first'],
      );
    }
  });

  it('has its binary metadata in base64, whichever way its client sent it', () => {
    const head = headers(1, {
      ':method': 'POST',
      ':path': '/t.S/M',
      'content-type': 'application/grpc',
      'raw-bin': '\0\0\x01,\xff',
      'plain-bin': 'AAEs,/w',
      'no-binary': '\0a',
    });
    const { records } = follow([
      ['c', OPEN, head, frame(DATA, END_STREAM, 1, message('hello'))],
      ['s', grpcOk(1)],
    ]);
    const list = ['content-type', 'application/grpc', 'raw-bin', 'AAEs/w', 'plain-bin', 'AAEs,/w'];
    assert.deepEqual(records[0]?.headers, [...list, 'no-binary', '\0a']);
  });

  it('has the deadline of its header, as far as a record can hold it', () => {
    const never = Number.MAX_SAFE_INTEGER;
    const deadlines: [string, number | undefined][] = [
      ['1S', 1e9],
      ['0n', 0],
      ['99999999n', 99_999_999],
      ['2501H', 2501 * 3600e9],
      ['2502H', never],
      ['99999999S', never],
      ['99999999M', never],
      ['99999999H', never],
      ...['', 'S', '1', '1s', '-1S', '1.5S', '123456789S', '1 S', '١S', 'S1'].map(
        (text): [string, undefined] => [text, undefined],
      ),
    ];
    for (const [text, expected] of deadlines) {
      const deadlineNs = parseGrpcTimeout(text);
      assert.equal(deadlineNs, expected, text);
      const builder = createBlockBuilder(0n);
      builder.add(makeRecord({ deadlineNs }));
      assert.equal(builder.records, 1, text);
    }
  });
});

describe('an HTTP/2 connection', () => {
  it('that is answered with heads nobody can read goes on being recorded', () => {
    const { records, dropped } = followAnyhow([
      ['c', OPEN, get(1, '/a'), call(3, '/b')],
      ['s', ok(1), badHead(3, 0), frame(DATA, 0, 3, message('hm')), badHead(3, END_STREAM)],
      ['c', get(5, '/c'), call(7, '/d')],
      ['s', badHead(5, END_STREAM), grpcOk(7)],
    ]);
    assert.deepEqual(records.map(brief), [
      '/a 200 ',
      '/b undefined bad_response',
      '/c undefined bad_response',
      '/d undefined bad_response',
    ]);
    assert.equal(dropped, 0);
  });

  it('that is answered with frames nobody can read goes on being recorded', () => {
    const { records, dropped, unfollowed } = followAnyhow([
      ['c', OPEN, get(1, '/a'), get(3, '/b')],
      ['s', ok(1), BAD_FRAME],
      ['c', get(5, '/c'), call(7, '/d'), callHead(9, '/e')],
    ]);
    assert.deepEqual(
      records.map((record) => `${brief(record)} ${record.durationNs}`),
      [
        '/a 200  10',
        '/b undefined bad_response 10',
        '/c undefined not_followed undefined',
        '/d undefined not_followed undefined',
        '/e undefined client_aborted 10',
      ],
    );
    assert.deepEqual([dropped, unfollowed], [0, [0, 0]]);
  });

  it('counts each call whose head can not be read', () => {
    const { records, dropped, unfollowed } = followAnyhow([
      ['c', OPEN, get(1, '/a'), badHead(3, END_STREAM), get(5, '/c'), callHead(7)],
      ['s', ok(1), ok(3), ok(5)],
    ]);
    assert.deepEqual(records.map(brief), ['/a 200 ']);
    assert.deepEqual([dropped, unfollowed], [3, [0, 0]]);
  });

  it('counts calls by their answers where frames of the client can not be read', () => {
    const { records, dropped, unfollowed } = follow([
      ['c', OPEN, get(1, '/a'), callHead(3, '/b'), BAD_FRAME],
      ['s', ok(1)],
      ['c', get(5, '/c'), get(7, '/d'), get(9, '/e')],
      ['s', ok(3), ok(7), grpcOk(5), ok(9)],
    ]);
    assert.deepEqual(records.map(brief), ['/b undefined not_followed', '/a 200 ']);
    assert.deepEqual([dropped, unfollowed], [3, [0, 0]]);
  });

  it('says how much passed where neither side can be read', () => {
    const more = get(5, '/c');
    const { records, dropped, unfollowed } = follow([
      ['c', OPEN, get(1, '/a')],
      ['s', BAD_FRAME],
      ['c', BAD_FRAME],
      ['c', more],
    ]);
    assert.deepEqual(records.map(brief), ['/a undefined bad_response']);
    assert.deepEqual([dropped, unfollowed], [1, [1, BAD_FRAME.length + more.length]]);
  });

  it('tells a server that answers in HTTP/1 from one that closed without an answer', () => {
    const { records, dropped } = followAnyhow([
      ['c', OPEN, get(1, '/a')],
      ['s', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad'],
      ['c', get(3, '/b')],
    ]);
    assert.deepEqual(records.map(brief), ['/a undefined bad_response', '/b undefined not_followed']);
    assert.equal(dropped, 0);
  });

  it('records a status that is none as a bad response', () => {
    const { records } = followAnyhow([
      ['c', OPEN, get(1, '/a'), get(3, '/b')],
      ['s', headers(1, { ':status': '20x' }, END_STREAM), headers(3, { server: 'x' }, END_STREAM)],
    ]);
    assert.deepEqual(records.map(brief), ['/a undefined bad_response', '/b undefined bad_response']);
  });
});

describe('an upgrade to h2c', () => {
  const ask = (more = ''): string =>
    `GET /zero HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAACAA\r\n${more}\r\n`;
  const granted = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
  const settings = frame(SETTINGS, 0, 0);

  it('that is granted is followed, with the answer that came', () => {
    const { records, dropped } = followAnyhow([
      ['c', ask()],
      ['s', granted, settings, ok(1, 'answer')],
      ['c', OPEN, get(3, '/one'), get(5, '/two'), call(7, '/three')],
      ['s', ok(5), ok(3), grpcOk(7)],
    ]);
    assert.deepEqual(records.map(brief), ['/zero 200 ', '/two 200 ', '/one 200 ', '/three 0 ']);
    assert.deepEqual([records[0]?.durationNs, records[0]?.outcome.responseBytes], [10, 6]);
    assert.deepEqual([records[0]?.session, records[2]?.session], ['run-h1', 'run-h1']);
    assert.equal(dropped, 0);
  });

  it('is followed when the client does not wait, and behind other requests', () => {
    const plain = 'GET /plain HTTP/1.1\r\n\r\n';
    const { records, dropped } = followAnyhow([
      ['c', plain, ask(), OPEN, get(3, '/one')],
      ['s', 'HTTP/1.1 204 No\r\n\r\n', granted, settings, ok(3), ok(1)],
    ]);
    assert.deepEqual(records.map(brief), ['/plain 204 ', '/one 200 ', '/zero 200 ']);
    assert.equal(dropped, 0);
  });

  it('is followed when it is granted before the body is there', () => {
    const { records, dropped } = followAnyhow([
      ['c', ask('Content-Length: 4\r\n'), 'ab'],
      ['s', granted, settings],
      ['c', 'cd', OPEN, get(3, '/one')],
      ['s', ok(3), ok(1)],
    ]);
    assert.deepEqual(records.map(brief), ['/one 200 ', '/zero 200 ']);
    assert.deepEqual([records[1]?.body.toString(), records[1]?.bodyBytesMissing], ['abcd', 0]);
    assert.equal(dropped, 0);
  });

  it('heeds the settings in the header', () => {
    // The server takes up a table of 8192 bytes, which the client allowed in HTTP2-Settings.
    const resized = Buffer.concat([Buffer.from([0x3f, 0xe1, 0x3f]), Buffer.from([0x88])]);
    const { records } = followAnyhow([
      ['c', ask()],
      ['s', granted, settings, frame(HEADERS, END_HEADERS | END_STREAM, 1, resized)],
    ]);
    assert.deepEqual(records.map(brief), ['/zero 200 ']);
  });

  it('is recorded with how it ended when the connection breaks', () => {
    const turns: Turn[] = [
      ['c', ask()],
      ['s', granted, settings],
      ['c', OPEN, get(3, '/one')],
    ];
    assert.deepEqual(followAnyhow(turns).records.map(brief), [
      '/zero undefined client_aborted',
      '/one undefined client_aborted',
    ]);
  });

  it('that is refused, or granted as something else, is none', () => {
    const refused = followAnyhow([
      ['c', ask(), 'GET /next HTTP/1.1\r\n\r\n'],
      ['s', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'HTTP/1.1 204 No\r\n\r\n'],
    ]);
    assert.deepEqual(refused.records.map(brief), ['/zero 200 ', '/next 204 ']);
    const other = followAnyhow([
      ['c', ask().replace('Upgrade: h2c', 'Upgrade: h2c, websocket')],
      ['s', granted.replace('h2c', 'websocket')],
      ['c', '\x81\x82 frame'],
    ]);
    assert.deepEqual([other.records.map(brief), other.dropped], [['/zero 101 '], 0]);
  });
});

describe('a CONNECT over HTTP/2', () => {
  const secret = (stream: number): Buffer => frame(DATA, 0, stream, 'secret');
  const connect = headers(1, { ':method': 'CONNECT', ':authority': 'db:5432' });
  const websocket = headers(3, {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':path': '/ws',
    ':authority': 'x',
    'content-type': 'application/grpc',
  });
  const shown = ({
    method,
    path,
    headers: list,
    body,
    bodyBytesMissing,
    durationNs,
    outcome,
  }: TraceRecord) => [
    `${method} ${path} ${list.join(' ')}`,
    `${body.length}+${bodyBytesMissing} ${durationNs} ${outcome.status} ${outcome.error} ${outcome.responseBytes}`,
  ];

  it('is over when it is granted, and nothing of what goes through the tunnel is kept', () => {
    const { records, dropped } = followAnyhow([
      ['c', OPEN, connect, websocket, secret(1)],
      ['s', headers(1, { ':status': '200' }), headers(3, { ':status': '200' }), secret(1)],
      ['c', secret(1), secret(3)],
      ['s', frame(DATA, END_STREAM, 3, 'secret'), frame(RESET, 0, 1, Buffer.alloc(4))],
    ]);
    assert.deepEqual(records.map(shown), [
      ['CONNECT db:5432 host db:5432', '0+0 10 200  0'],
      ['CONNECT /ws host x :protocol websocket content-type application/grpc', '0+0 10 200  0'],
    ]);
    assert.equal(dropped, 0);
  });

  it('that is refused, or never answered, keeps nothing of what was sent ahead', () => {
    const { records } = followAnyhow([
      ['c', OPEN, connect, websocket, secret(1), secret(3)],
      ['s', headers(1, { ':status': '403' }), frame(DATA, END_STREAM, 1, 'no')],
    ]);
    assert.deepEqual(
      records.map((record) => shown(record)[1]),
      ['0+0 10 403  2', '0+0 20 undefined client_aborted 0'],
    );
  });
});

describe('a call that the server refused unprocessed', () => {
  const goaway = (last: number): Buffer =>
    frame(GOAWAY, 0, 0, Buffer.from([0, 0, 0, last, 0, 0, 0, 0, 0x78]));
  const refusedStream = (stream: number): Buffer => frame(RESET, 0, stream, Buffer.from([0, 0, 0, 7]));
  const told = ({ path, durationNs, outcome }: TraceRecord): string =>
    `${path} ${durationNs} ${outcome.status} ${outcome.error}`;

  it('by GOAWAY ends then, with an error of its own name; one below the last stream goes on', () => {
    const { records } = followAnyhow([
      ['c', OPEN, call(1, '/t.S/First'), call(3, '/t.S/Second'), get(5, '/third')],
      ['s', goaway(1)],
      // The client has sent these before it read that.
      ['c', call(7, '/t.S/Fourth'), callHead(9, '/t.S/Fifth'), callHead(11, '/t.S/Sixth')],
      ['c', frame(RESET, 0, 11, Buffer.from([0, 0, 0, 8]))],
      ['s', grpcOk(1)],
    ]);
    assert.deepEqual(records.map(told), [
      '/t.S/Second 10 undefined upstream_refused',
      '/third 10 undefined upstream_refused',
      '/t.S/Fourth 0 undefined upstream_refused',
      '/t.S/Sixth 10 undefined upstream_refused',
      '/t.S/First 40 0 ',
      '/t.S/Fifth 30 undefined upstream_refused',
    ]);
  });

  it('by REFUSED_STREAM is told from one that was reset in its answer or for another reason', () => {
    const { records } = followAnyhow([
      ['c', OPEN, call(1, '/t.S/One'), call(3, '/t.S/Two'), get(5, '/three'), call(7, '/t.S/Four')],
      ['s', refusedStream(1), headers(3, { ':status': '200' }), refusedStream(3), refusedStream(5)],
      ['s', frame(RESET, 0, 7, Buffer.from([0, 0, 0, 2]))],
    ]);
    assert.deepEqual(records.map(brief), [
      '/t.S/One undefined upstream_refused',
      '/t.S/Two undefined upstream_reset',
      '/three undefined upstream_refused',
      '/t.S/Four undefined upstream_reset',
    ]);
  });

  it('is none where the announcement names no stream yet, or what is answered all the same', () => {
    const last = frame(GOAWAY, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
    const { records } = followAnyhow([
      ['c', OPEN, call(1, '/t.S/One'), call(3, '/t.S/Two')],
      ['s', last, headers(3, { ':status': '200', 'content-type': 'application/grpc' }), goaway(1)],
      ['s', grpcOk(1), headers(3, { 'grpc-status': '0' }, END_STREAM)],
    ]);
    assert.deepEqual(records.map(brief), ['/t.S/One 0 ', '/t.S/Two 0 ']);
  });
});

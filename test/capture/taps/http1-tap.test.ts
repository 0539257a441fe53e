import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteBudget } from '../../../src/capture/memory/byte-budget.ts';
import type { ConnectionEnd, TapContext } from '../../../src/capture/taps/tap.ts';
import type { Dialect } from '../../../src/dialects/dialect.ts';
import { genericDialect } from '../../../src/dialects/generic.ts';
import { memobuildDialect } from '../../../src/dialects/memobuild.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { splitAt } from '../../wire/split-bytes.ts';
import { type Watched, watch } from '../watch-tap.ts';

type Step = ['c' | 's', string, number?] | ['end', ConnectionEnd, number?] | ['fin'];

/** Plays a conversation: what the client (c) and the server (s) send at which time, and how it ends. */
function play(steps: readonly Step[], fields: Partial<TapContext> = {}): Watched {
  const watched = watch(fields);
  for (const [kind, text, atNs = 0] of steps) {
    if (kind === 'c') watched.tap.fromClient(Buffer.from(text as string, 'latin1'), atNs);
    else if (kind === 's') watched.tap.fromServer(Buffer.from(text as string, 'latin1'), atNs);
    else if (kind === 'fin') watched.tap.serverEnded(atNs);
    else watched.tap.closed(text as ConnectionEnd, atNs);
  }
  assert.equal(watched.context.budget.takenBytes, 0, 'all bytes are given back');
  return watched;
}

const GET = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const brief = ({ path, outcome }: TraceRecord): string => `${path} ${outcome.status} ${outcome.error}`;

describe('HTTP/1 tap', () => {
  it('records what was sent, when, and what came back', () => {
    const post = 'POST /x?key=1 HTTP/1.1\r\nAuthorization: s\r\nContent-Length: 3\r\n\r\n';
    const { records } = play([
      ['c', post, 100],
      ['c', 'abc', 150],
      ['s', 'HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\no', 300],
      ['s', 'k', 450],
      ['end', 'client_aborted', 900],
    ]);
    assert.deepEqual(records, [
      {
        startNs: 100,
        durationNs: 350,
        session: 'run-h1',
        op: 'POST /x',
        space: '',
        protocol: 'http',
        httpVersion: undefined,
        method: 'POST',
        path: '/x?key=[redacted]',
        headers: ['Authorization', '[redacted]', 'Content-Length', '3'],
        body: Buffer.from('abc'),
        bodyCompressed: false,
        bodyBytesMissing: 0,
        deadlineNs: undefined,
        stream: undefined,
        outcome: {
          status: 201,
          ok: true,
          error: '',
          responseBytes: 2,
          responseCrc32: 2_044_517_703,
          itemCount: undefined,
          response: Buffer.from('ok'),
        },
      },
    ]);
  });

  it('keeps the version of a request that is not the usual one, on one connection with others', () => {
    const versions = ['HTTP/1.0', 'HTTP/1.1', 'http/1.0', 'HTTP/1.2', 'HTTP/1.0'];
    const steps = versions.flatMap((version): Step[] => [
      ['c', `GET /a ${version}\r\n\r\n`],
      ['s', OK],
    ]);
    const { records } = play([...steps, ['end', 'client_aborted']]);
    assert.deepEqual(
      records.map(({ httpVersion }) => httpVersion),
      ['1.0', undefined, '1.0', undefined, '1.0'],
    );
  });

  it('takes the miss of a cache for the answer it is, where the dialect knows one', () => {
    const lookups: Step[] = ['/cache/abc', '/cache/layer/abc', '/stats'].flatMap((path): Step[] => [
      ['c', `GET ${path} HTTP/1.1\r\n\r\n`],
      ['s', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'],
    ]);
    const okOf = (dialect: Dialect): boolean[] =>
      play([...lookups, ['end', 'client_aborted']], { dialect }).records.map(({ outcome }) => outcome.ok);
    assert.deepEqual(okOf(memobuildDialect), [true, true, false]);
    assert.deepEqual(okOf(genericDialect), [false, false, false]);
    const { records } = play(
      [
        ['c', 'GET /cache/abc HTTP/1.1\r\n\r\n'],
        ['s', 'HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\ncut'],
        ['end', 'upstream_reset'],
      ],
      { dialect: memobuildDialect },
    );
    assert.deepEqual(records.map(brief), ['/cache/abc 404 upstream_reset']);
    assert.equal(records[0]?.outcome.ok, false, 'an answer that broke off is none');
  });

  it('matches pipelined requests with answers in order, whatever the cuts', () => {
    const client = Buffer.from(
      `${GET}HEAD /b HTTP/1.1\r\n\r\nPUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\nGET /d HTTP/1.1\r\n\r\n`,
    );
    const server = Buffer.from(
      `${OK}HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 X\r\n\r\nHTTP/1.1 404 No\r\n\r\nto the end`,
    );
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });
    fc.assert(
      fc.property(cuts, cuts, (clientCuts, serverCuts) => {
        const { tap, records } = watch();
        for (const piece of splitAt(client, clientCuts)) tap.fromClient(piece, 1);
        for (const piece of splitAt(server, serverCuts)) tap.fromServer(piece, 2);
        tap.serverEnded(3);
        tap.closed('incomplete', 4);
        assert.deepEqual(records.map(brief), ['/a 200 ', '/b 200 ', '/c 204 ', '/d 404 ']);
        assert.deepEqual(
          records.map(({ body }) => body.toString()),
          ['', '', 'xyz', ''],
        );
        assert.deepEqual(
          records.map(({ outcome }) => outcome.responseBytes),
          [2, 0, 0, 10],
        );
      }),
      { numRuns: runs(200) },
    );
  });

  const ends: [string, Step[], string[]][] = [
    [
      'the client goes before the answer',
      [
        ['c', GET],
        ['end', 'client_aborted'],
      ],
      ['/a undefined client_aborted'],
    ],
    [
      'the upstream can not be reached',
      [
        ['c', GET],
        ['end', 'upstream_unreachable'],
      ],
      ['/a undefined upstream_unreachable'],
    ],
    [
      'the upstream resets in its answer',
      [
        ['c', GET],
        ['s', OK.slice(0, -1)],
        ['end', 'upstream_reset'],
      ],
      ['/a 200 upstream_reset'],
    ],
    [
      'the upstream closes in its answer',
      [['c', GET], ['s', OK.slice(0, -1)], ['fin'], ['end', 'incomplete']],
      ['/a 200 incomplete'],
    ],
    [
      'the upstream closes without a word',
      [['c', GET], ['fin'], ['end', 'incomplete']],
      ['/a undefined incomplete'],
    ],
    [
      'the upstream talks nonsense',
      [
        ['c', GET],
        ['s', 'SSH-2.0\r\n\r\n'],
        ['end', 'incomplete'],
      ],
      ['/a undefined bad_response'],
    ],
    [
      'a whole connection',
      [
        ['c', GET],
        ['s', OK],
        ['end', 'client_aborted'],
      ],
      ['/a 200 '],
    ],
    [
      'nothing but a few bytes',
      [
        ['c', 'GET /a HT'],
        ['end', 'client_aborted'],
      ],
      [],
    ],
  ];
  for (const [name, steps, expected] of ends) {
    it(name, () => assert.deepEqual(play(steps).records.map(brief), expected));
  }

  it('marks a request that did not arrive whole', () => {
    const half = 'POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc';
    for (const [steps, error] of [
      [
        [
          ['c', half],
          ['end', 'client_aborted'],
        ],
        'request_incomplete',
      ],
      [
        [
          ['c', half],
          ['end', 'upstream_reset'],
        ],
        'upstream_reset',
      ],
      [
        [
          ['c', half],
          ['s', OK],
          ['end', 'client_aborted'],
        ],
        'request_incomplete',
      ],
    ] as [Step[], string][]) {
      const { records } = play(steps);
      assert.equal(records[0]?.outcome.error, error);
      assert.equal(records[0]?.bodyBytesMissing, 1);
      assert.equal(records[0]?.outcome.ok, false);
    }
  });

  it('waits for the rest of a request that was answered early', () => {
    const head = 'POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\n';
    const { records } = play([
      ['c', `${head}ab`],
      ['s', OK, 5],
      ['c', `cd${GET}`, 9],
      ['s', OK, 12],
      ['end', 'client_aborted', 20],
    ]);
    assert.deepEqual(
      records.map(({ body, durationNs }) => [body.toString(), durationNs]),
      [
        ['abcd', 5],
        ['', 3],
      ],
    );
  });

  it('keeps the beginning of a body that is too long, and says what is missing', () => {
    const post = `POST /a HTTP/1.1\r\nContent-Length: 100\r\n\r\n${'x'.repeat(100)}`;
    const limited = play(
      [
        ['c', post],
        ['s', OK],
        ['end', 'client_aborted'],
      ],
      { maxBodyBytes: 10 },
    );
    assert.equal(limited.records[0]?.body.length, 10);
    assert.equal(limited.records[0]?.bodyBytesMissing, 90);
    assert.equal(limited.truncated(), 90);
    const poor = play(
      [
        ['c', post],
        ['s', OK],
        ['end', 'client_aborted'],
      ],
      { budget: new ByteBudget(1_200) }, // enough for the head, not for the body
    );
    assert.equal(poor.records[0]?.body.length, 0);
    assert.equal(poor.records[0]?.bodyBytesMissing, 100);
  });

  it('records an upgrade and sees nothing of what follows', () => {
    const upgrade = 'GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const { records, dropped, tap } = play([
      ['c', `${upgrade}\x81\x85 early`],
      ['s', 'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x02hi'],
      ['c', '\x81\x85garbage that is no HTTP'],
      ['s', 'more'],
    ]);
    assert.deepEqual(records.map(brief), ['/ws 101 ']);
    assert.equal(tap.idle, false, 'who knows what is in flight');
    tap.closed('client_aborted', 1);
    assert.equal(records.length, 1);
    assert.equal(dropped(), 0);
  });

  it('goes on behind an upgrade that was refused', () => {
    const upgrade = 'GET /ws HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n';
    const { records } = play([
      ['c', upgrade + GET.slice(0, 5), 1],
      ['c', GET.slice(5), 2],
      ['s', OK, 3],
      ['s', OK, 4],
      ['end', 'incomplete', 9],
    ]);
    assert.deepEqual(records.map(brief), ['/ws 200 ', '/a 200 ']);
    assert.equal(records[1]?.startNs, 1);
  });

  it('reads what is behind a refused upgrade before the answer to it in the same chunk', () => {
    const upgrade = 'GET /ws HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n';
    const { records, dropped, reasons } = play([
      ['c', upgrade + GET, 1],
      ['c', upgrade + GET, 2],
      ['s', OK + OK + OK + OK, 5],
      ['c', GET, 6],
      ['s', OK, 7],
      ['end', 'incomplete', 9],
    ]);
    assert.deepEqual(records.map(brief), ['/ws 200 ', '/a 200 ', '/ws 200 ', '/a 200 ', '/a 200 ']);
    assert.deepEqual(
      records.map(({ startNs, durationNs }) => [startNs, durationNs]),
      [
        [1, 4],
        [1, 4],
        [2, 3],
        [2, 3],
        [6, 1],
      ],
    );
    assert.deepEqual([dropped(), reasons], [0, []]);
  });

  const evil = 'POST /evil HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n';
  const upgrade = 'GET /ws HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n';
  const nonsense = 'POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense\r\n';
  const lost: [string, Step[], number][] = [
    ['a request that two servers read in two ways, answered or not', [['c', evil]], 1],
    [
      'HTTP/0.9 that was answered',
      [
        ['c', 'GET /old\r\n'],
        ['s', 'raw'],
      ],
      1,
    ],
    [
      'half a connection preface that was answered',
      [
        ['c', 'PRI * HTTP/2.0\r\n'],
        ['s', 'HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n'],
      ],
      1,
    ],
    [
      'each request behind one that could not be read, by its answer',
      [
        ['c', GET + evil],
        ['s', OK + OK],
        ['c', GET + GET],
        ['s', `HTTP/1.1 103 Early\r\n\r\n${OK}`],
        ['s', OK],
        ['c', GET],
        ['s', OK],
      ],
      4,
    ],
    ['requests behind an upgrade that was never answered', [['c', upgrade + GET]], 1],
    [
      'what goes through a tunnel with an answer that is none',
      [
        ['c', `CONNECT x:1 HTTP/1.1\r\n\r\n${GET}`],
        ['s', 'nonsense\r\n\r\n'],
      ],
      1,
    ],
    [
      'requests behind one whose chunks were nonsense',
      [
        ['c', nonsense],
        ['s', OK],
        ['c', GET],
        ['s', OK],
        ['c', GET],
        ['s', OK],
      ],
      2,
    ],
  ];
  for (const [name, steps, count] of lost) {
    it(`counts ${name}`, () => assert.equal(play([...steps, ['end', 'incomplete', 9]]).dropped(), count));
  }

  describe('an upload that was refused while its client waited for a 100', () => {
    const PUT = 'PUT /up HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n';
    const NO = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n';
    const told = ({ records, dropped, reasons }: Watched) => [
      ...records.map((each) => `${brief(each)} ${each.body}+${each.bodyBytesMissing}`),
      `${dropped()} lost, told ${reasons.length}`,
    ];

    it('is incomplete, and what follows counts by its answers: nobody knows whether it is the body', () => {
      const watched = play([
        ['c', PUT],
        ['s', NO],
        ['c', GET],
        ['s', OK],
        ['c', GET + GET],
        ['s', OK + OK],
        ['end', 'incomplete'],
      ]);
      assert.deepEqual(told(watched), ['/up 401 request_incomplete +1', '3 lost, told 1']);
    });

    it('in chunks, too; and where nothing follows nothing is lost', () => {
      const chunked = PUT.replace('Content-Length: 4', 'Transfer-Encoding: chunked');
      const watched = play([
        ['c', chunked],
        ['s', NO],
        ['end', 'client_aborted'],
      ]);
      assert.deepEqual(told(watched), ['/up 401 request_incomplete +1', '0 lost, told 0']);
    });

    it('is none where a 100 came first, or some of the body', () => {
      const asked = play([
        ['c', PUT],
        ['s', `HTTP/1.1 100 Continue\r\n\r\n${NO}`],
        ['c', `body${GET}`],
        ['s', OK],
        ['end', 'incomplete'],
      ]);
      assert.deepEqual(told(asked), ['/up 401  body+0', '/a 200  +0', '0 lost, told 0']);
      const begun = play([
        ['c', `${PUT}bo`],
        ['s', NO],
        ['c', `dy${GET}`],
        ['s', OK],
        ['end', 'incomplete'],
      ]);
      assert.deepEqual(told(begun), ['/up 401  body+0', '/a 200  +0', '0 lost, told 0']);
    });
  });

  describe('a PROXY protocol header in front', () => {
    const V2 = Buffer.concat([
      Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'),
      Buffer.from([10, 0, 0, 9, 10, 0, 0, 1, 0x9c, 0x40, 0, 80]),
    ]).toString('latin1');
    const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex').toString('latin1');
    const headers = ['PROXY TCP4 10.0.0.9 10.0.0.1 40000 80\r\n', 'PROXY UNKNOWN\r\n', V2, LOCAL];

    for (const header of headers) {
      it(`is passed over: ${JSON.stringify(header.slice(0, 16))}`, () => {
        const pieces = [header + GET, ...header.split('').map((_, at) => at)];
        for (const at of pieces) {
          const cut = typeof at === 'string' ? [at] : [header.slice(0, at), header.slice(at), GET];
          const sent = cut.filter((piece) => piece !== '').map((piece): Step => ['c', piece]);
          const { records, dropped } = play([...sent, ['s', OK], ['end', 'incomplete']]);
          assert.deepEqual([records.map(brief), dropped()], [['/a 200 '], 0]);
        }
      });
    }

    it('is none where it only begins as one', () => {
      const { records } = play([
        ['c', '\r\n'],
        ['c', '\r\nP'],
        ['c', 'ROXY /a HTTP/1.1\r\n\r\n'],
        ['s', OK],
        ['end', 'incomplete'],
      ]);
      assert.deepEqual(
        records.map(({ method, path }) => `${method} ${path}`),
        ['PROXY /a'],
      );
      const alone = play([
        ['c', headers[0] as string],
        ['end', 'client_aborted'],
      ]);
      assert.deepEqual([alone.records.length, alone.dropped()], [0, 0], 'a health check asks for nothing');
    });
  });

  it('keeps nothing of a tunnel, whatever length its request claims', () => {
    const { records } = play([
      ['c', 'CONNECT db:5432 HTTP/1.1\r\nContent-Length: 6\r\n\r\nsecret'],
      ['s', 'HTTP/1.1 200 Connection established\r\n\r\nsecret'],
      ['c', 'secret'],
      ['end', 'client_aborted'],
    ]);
    assert.deepEqual(
      records.map(({ path, body, outcome }) => [path, body.length, outcome.status, outcome.responseBytes]),
      [['db:5432', 0, 200, 0]],
    );
  });

  it('records CONNECT and leaves the tunnel alone', () => {
    const connect = 'CONNECT db:5432 HTTP/1.1\r\n\r\n';
    const { records } = play([
      ['c', connect],
      ['s', 'HTTP/1.1 200 OK\r\n\r\n'],
      ['c', 'raw'],
      ['s', 'raw'],
      ['end', 'incomplete'],
    ]);
    assert.deepEqual(records.map(brief), ['db:5432 200 ']);
  });

  it('gives up an ambiguous request, counts it, and still matches those before it', () => {
    const smuggled = 'POST /evil HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n';
    const { records, dropped, reasons } = play([
      ['c', GET + smuggled],
      ['c', GET],
      ['s', OK],
      ['s', OK],
      ['end', 'incomplete'],
    ]);
    assert.deepEqual(records.map(brief), ['/a 200 ']);
    assert.equal(dropped(), 1);
    assert.match(reasons[0] ?? '', /Content-Length and Transfer-Encoding/);
  });

  it('marks a request whose chunks break off in nonsense', () => {
    const { records, dropped } = play([
      ['c', nonsense],
      ['s', 'HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n'],
      ['end', 'incomplete'],
    ]);
    assert.deepEqual(records.map(brief), ['/a 400 request_malformed']);
    assert.equal(dropped(), 0);
  });

  it('is not impressed by a 408 on an idle connection', () => {
    const { records, dropped } = play([
      ['c', GET],
      ['s', OK],
      ['s', 'HTTP/1.1 408 Timeout\r\n\r\n'],
      ['end', 'incomplete'],
    ]);
    assert.equal(records.length, 1);
    assert.equal(dropped(), 0);
  });

  it('is contained: a dialect that throws costs one record, and nobody notices', () => {
    const broken = {
      ...genericDialect,
      describe: () => {
        throw new Error('broken dialect');
      },
    };
    const { records, dropped, reasons, unfollowed } = play(
      [
        ['c', GET],
        ['s', OK],
        ['c', GET],
        ['s', OK],
        ['end', 'incomplete'],
      ],
      { dialect: broken },
    );
    assert.deepEqual([records.length, dropped(), reasons], [0, 1, ['broken dialect']]);
    assert.deepEqual(unfollowed, [1, GET.length], 'and what follows is not passed over in silence');
  });

  it('records all requests of a connection whose answers are irregular, each with its status', () => {
    for (const line of [
      'X: a;\r\n  b',
      'Content-Length: 2',
      'X-Ok : 1',
      'X: a\x01b',
      'X: 1\nY: 2',
      'nonsense',
    ]) {
      const answer = `HTTP/1.1 201 OK\r\n${line}\r\nContent-Length: 2\r\n\r\nok`;
      const turns = Array.from({ length: 20 }, (): Step[] => [
        ['c', GET],
        ['s', answer],
      ]);
      const { records, dropped, reasons } = play([...turns.flat(), ['end', 'client_aborted']]);
      assert.deepEqual(records.map(brief), Array(20).fill('/a 201 '), line);
      assert.deepEqual([dropped(), reasons], [0, []], line);
    }
  });

  const brokenAnswers = {
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
    'a chunk without a size': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nok\r\n',
  };
  for (const [name, broken] of Object.entries(brokenAnswers)) {
    it(`records requests on, without what came back, behind an answer with ${name}`, () => {
      const post = 'POST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\n';
      const { records, dropped, reasons, tap, unfollowed } = play([
        ['c', GET + GET, 1],
        ['s', OK + broken, 5],
        ['c', `${post}ab`, 10],
        ['s', OK, 11],
        ['c', `c${GET}`, 12],
        ['s', OK, 13],
        ['c', `${post}a`, 14],
        ['end', 'client_aborted', 15],
      ]);
      assert.deepEqual(
        records.map((record) => `${brief(record)} ${record.durationNs} ${record.body.length}`),
        [
          '/a 200  4 0',
          '/a 200 bad_response 4 0',
          '/b undefined not_followed undefined 3',
          '/a undefined not_followed undefined 0',
          '/b undefined request_incomplete 1 1',
        ],
      );
      assert.deepEqual([dropped(), unfollowed, reasons.length], [0, [0, 0], 1]);
      assert.equal(tap.idle, false, 'who knows what is in flight');
    });
  }

  it('finishes a request whose answer broke before it was whole', () => {
    const { records } = play([
      ['c', 'POST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\na', 1],
      ['s', brokenAnswers['two lengths'], 5],
      ['c', `bc${GET}`, 7],
      ['end', 'client_aborted', 15],
    ]);
    assert.deepEqual(
      records.map((record) => `${brief(record)} ${record.durationNs} ${record.bodyBytesMissing}`),
      ['/b 200 bad_response 6 0', '/a undefined not_followed undefined 0'],
    );
  });

  it('does not take what goes through a tunnel or an upgrade for requests when the answers are lost', () => {
    const connect = play([
      ['c', GET],
      ['s', brokenAnswers['two lengths']],
      ['c', `CONNECT x:1 HTTP/1.1\r\n\r\n${GET}`],
      ['c', GET],
      ['end', 'client_aborted'],
    ]);
    assert.deepEqual(connect.records.map(brief), ['/a 200 bad_response', 'x:1 undefined not_followed']);
    assert.deepEqual([connect.dropped(), connect.unfollowed], [1, [1, 2 * GET.length]]);
    const upgraded = play([
      ['c', GET],
      ['s', brokenAnswers['two lengths']],
      ['c', upgrade],
      ['c', '\x81\x85 frame'],
      ['end', 'client_aborted'],
    ]);
    assert.deepEqual(upgraded.records.map(brief), ['/a 200 bad_response', '/ws undefined not_followed']);
  });

  it('goes on behind an upgrade with an answer that is none', () => {
    const { records } = play([
      ['c', upgrade + GET],
      ['s', 'nonsense\r\n\r\n'],
      ['c', GET],
      ['end', 'client_aborted'],
    ]);
    assert.deepEqual(records.map(brief), [
      '/ws undefined bad_response',
      '/a undefined not_followed',
      '/a undefined not_followed',
    ]);
  });

  it('says how much passed where neither requests nor answers can be told apart', () => {
    const { dropped, unfollowed, reasons } = play([
      ['c', GET + evil],
      ['s', OK + brokenAnswers['two lengths']],
      ['c', GET],
      ['s', OK],
      ['c', GET],
      ['end', 'client_aborted'],
    ]);
    assert.deepEqual([dropped(), unfollowed, reasons.length], [1, [1, 2 * GET.length], 1]);
  });

  it('never throws and never keeps bytes, whatever comes', () => {
    const part = fc.constantFrom(
      GET,
      OK,
      'POST / HTTP/1.1\r\n',
      'Content-Length: 5\r\n',
      '\r\n',
      'abc',
      'HTTP/1.1 101 X\r\n\r\n',
      '\0',
      'Transfer-Encoding: chunked\r\n\r\n',
      '5\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    );
    const step = fc.tuple(fc.constantFrom('c' as const, 's' as const), part);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
        play([...steps, ['end', 'incomplete', 1]]);
      }),
      { numRuns: runs(1500) },
    );
  });
});

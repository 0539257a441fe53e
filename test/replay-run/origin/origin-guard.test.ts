import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngramTraceError } from '../../../src/error.ts';
import { createOriginGuard, type OriginGuard } from '../../../src/replay-run/origin/origin-guard.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../../src/replay-run/target/endpoint.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { makeRecord } from '../../results/support.ts';

interface Told {
  origins?: string[];
  http?: string;
  grpc?: string;
  machine?: string[];
  addresses?: string[];
}

function guardOf({ origins = [], http, grpc, machine = [], addresses = [] }: Told): OriginGuard {
  return createOriginGuard({
    origins,
    targets: [
      {
        http: http === undefined ? undefined : parseHttpEndpoint(http),
        grpc: grpc === undefined ? undefined : parseGrpcEndpoint(grpc),
      },
    ],
    machine,
    addressesOf: () => addresses,
  });
}

function isRefused(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (thrown) {
    assert.ok(thrown instanceof EngramTraceError && thrown.code === 'usage');
    assert.match(thrown.hint ?? '', /--allow-origin/);
    return true;
  }
}

const LAPTOP = ['laptop', '10.1.1.1'];
const PROD = ['prod', '10.0.0.5', 'fd00::5'];
/** What capture writes for a listener on all addresses of that machine, and a server behind it on its loopback. */
const RECORDED_ON_PROD = [
  ...['127.0.0.1:17432', 'prod:17432', '10.0.0.5:17432', '[fd00::5]:17432'],
  ...['0.0.0.0:7432', 'prod:7432', '10.0.0.5:7432', '[fd00::5]:7432'],
];

describe('origin guard: the header of a trace', () => {
  const cases: [string, Told, boolean][] = [
    ['a server that was named', { origins: ['db:1', 'engram:7432'], http: 'http://ENGRAM.:7432' }, true],
    ['another port of it', { origins: ['engram:7432'], http: 'http://engram:7433' }, false],
    ['the gRPC endpoint too', { origins: ['engram:50051'], grpc: 'engram:50051' }, true],
    [
      'loopback, where nothing tells whose',
      { origins: ['0.0.0.0:7432'], http: 'http://localhost:7432' },
      true,
    ],
    [
      'names of the recording machine',
      { origins: RECORDED_ON_PROD, http: 'http://prod:7432', machine: LAPTOP },
      true,
    ],
    ['its address', { origins: RECORDED_ON_PROD, http: 'http://10.0.0.5:7432', machine: LAPTOP }, true],
    [
      'its address as IPv6',
      { origins: RECORDED_ON_PROD, http: 'http://[::ffff:a00:5]:7432', machine: LAPTOP },
      true,
    ],
    [
      'a name that resolves to it',
      {
        origins: RECORDED_ON_PROD,
        http: 'http://engram.example:7432',
        machine: LAPTOP,
        addresses: ['10.0.0.5'],
      },
      true,
    ],
    [
      'a stand-in on the loopback of another machine',
      { origins: RECORDED_ON_PROD, http: 'http://127.0.0.1:7432', machine: LAPTOP },
      false,
    ],
    [
      'loopback of the recording machine',
      { origins: RECORDED_ON_PROD, http: 'http://127.0.0.1:7432', machine: PROD },
      true,
    ],
    [
      'a name of the recording machine, there',
      { origins: ['127.0.0.1:7432'], http: 'http://prod:7432', machine: PROD },
      true,
    ],
    [
      'another local port of the recording machine',
      { origins: RECORDED_ON_PROD, http: 'http://localhost:9000', machine: PROD },
      false,
    ],
    ['nonsense', { origins: ['nonsense authority'], http: 'http://localhost:7432' }, false],
  ];
  for (const [what, told, refused] of cases) {
    it(`${refused ? 'refuses' : 'allows'} ${what}`, () => {
      assert.equal(
        isRefused(() => guardOf(told).checkOrigins()),
        refused,
      );
    });
  }

  it('names the origin as the header has it', () => {
    const guard = guardOf({ origins: ['other:1', 'LocalHost:7432'], http: 'http://127.0.0.1:7432' });
    assert.throws(
      () => guard.checkOrigins(),
      /127\.0\.0\.1:7432 is where this trace was recorded \(LocalHost:7432\)/,
    );
  });
});

describe('origin guard: what clients addressed', () => {
  const host = (value: string, path = '/'): TraceRecord =>
    makeRecord({ path, headers: ['A', 'b', 'HOST', value] });
  const cases: [string, Told, TraceRecord, boolean][] = [
    ['a Host', { http: 'http://engram.example:7432' }, host('Engram.Example:7432'), true],
    ['a Host on a default port', { http: 'https://engram.example' }, host('engram.example'), true],
    ['another Host', { http: 'http://staging.example:7432' }, host('engram.example:7432'), false],
    ['a Host on another port', { http: 'http://engram.example:9000' }, host('engram.example:7432'), false],
    [
      'a Host whose port is that of the listener',
      { origins: ['0.0.0.0:7432'], http: 'http://engram.example:7432' },
      host('engram.example'),
      true,
    ],
    [
      'the address a Host names',
      { http: 'http://engram:7432', addresses: ['10.0.0.5'] },
      host('10.0.0.5:7432'),
      true,
    ],
    [
      'an absolute target',
      { http: 'http://engram:80' },
      makeRecord({ path: 'http://u:p@Engram:80/x', headers: [] }),
      true,
    ],
    [
      'a Host in front of a load balancer',
      { http: 'http://engram:80' },
      makeRecord({ headers: ['Host', '10.9.9.9', 'X-Forwarded-Host', 'engram'] }),
      true,
    ],
    [
      'an :authority',
      { grpc: 'engram:50051', http: 'http://other' },
      makeRecord({ protocol: 'grpc', path: '/a.B/C', headers: [':authority', 'engram:50051'] }),
      true,
    ],
    ['loopback of a machine nobody knows', { http: 'http://localhost:7432' }, host('127.0.0.1:7432'), false],
    [
      'loopback of the recording machine',
      { origins: RECORDED_ON_PROD, http: 'http://localhost:8080', machine: PROD },
      host('localhost:8080'),
      true,
    ],
    [
      'loopback of another machine',
      { origins: RECORDED_ON_PROD, http: 'http://localhost:7432', machine: LAPTOP },
      host('localhost:7432'),
      false,
    ],
    [
      'a local server beside the one that was recorded here',
      { origins: RECORDED_ON_PROD, http: 'http://127.0.0.1:9000', machine: PROD },
      host('127.0.0.1:7432'),
      false,
    ],
    ['no host at all', { http: 'http://engram:80' }, makeRecord({ path: '*', headers: [] }), false],
  ];
  for (const [what, told, record, refused] of cases) {
    it(`${refused ? 'refuses' : 'allows'} ${what}`, () => {
      const guard = guardOf(told);
      // Lists are shared and looked at once: twice is the same answer.
      for (let i = 0; i < 2; i++)
        assert.equal(
          isRefused(() => guard.checkRecord(record)),
          refused,
        );
    });
  }
});

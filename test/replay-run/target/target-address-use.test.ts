import assert from 'node:assert/strict';
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { describe, it } from 'node:test';
import { startNullSink } from '../../../src/null-sink/null-sink.ts';
import { createRealClock } from '../../../src/replay/clock/real-clock.ts';
import {
  createTransports,
  type TransportSettings,
} from '../../../src/replay-run/connect/create-transports.ts';
import { sumAddressUse } from '../../../src/replay-run/target/target-address-use.ts';
import type { TransportKind } from '../../../src/replay-run/target/transport-choice.ts';
import { makeRecord } from '../../support/make-record.ts';
import { sendAndWatch } from '../../support/send-and-watch.ts';

// A machine that stands still for a moment must not count as an address that does not answer.
setDefaultAutoSelectFamilyAttemptTimeout(60_000);

/** The second has nobody listening. */
const ADDRESSES = [
  { address: '127.0.0.1', family: 4 },
  { address: '127.0.0.9', family: 4 },
];
const CALLS = 6;

/** Sends so many at a time to a name of both addresses, each on a connection of its own, and tells what was counted. */
async function useOf(protocol: 'http' | 'grpc', transport: TransportKind, connections?: 'recorded') {
  const sink = await startNullSink();
  const authority = `multi.test:${protocol === 'http' ? sink.httpPort : sink.grpcPort}`;
  const settings = {
    [protocol]: { url: `http://${authority}`, authority, tls: false },
    transport,
    connections,
    addresses: [{ http: undefined, grpc: undefined, [protocol]: ADDRESSES }],
  } as unknown as TransportSettings;
  const transports = createTransports(settings, createRealClock());
  try {
    assert.deepEqual(transports.addressUse(), [], 'nothing of a target that is not used');
    await transports.prepare([protocol]);
    const sending = Array.from({ length: CALLS }, (_, i) => {
      const record = makeRecord(i, { protocol, session: `s${i}`, method: 'POST', path: '/s/M' });
      return sendAndWatch(transports.for(protocol) as never, record).done;
    });
    const outcomes = await Promise.all(sending);
    assert.ok(
      outcomes.every(({ ok }) => ok),
      JSON.stringify(outcomes),
    );
    return transports.addressUse();
  } finally {
    await transports.close();
    await sink.close();
  }
}

describe('the addresses of a name', () => {
  for (const [protocol, transport] of [
    ['http', 'wire'],
    ['http', 'library'],
    ['grpc', 'wire'],
  ] as const) {
    it(`${protocol}, ${transport}: the next one is taken for one where nobody listens, and both are counted`, async () => {
      const use = await useOf(protocol, transport, transport === 'wire' ? 'recorded' : undefined);
      assert.deepEqual(use, [
        { target: 0, protocol, address: '127.0.0.1', connections: CALLS, failedAttempts: 0 },
        { target: 0, protocol, address: '127.0.0.9', connections: 0, failedAttempts: CALLS / 2 },
      ]);
    });
  }

  it('are told as not known where the library looks the name up itself', async () => {
    const addresses = [{ http: undefined, grpc: ADDRESSES }];
    const grpc = { url: 'http://multi.test:1', authority: 'multi.test:1', tls: false };
    const settings = { grpc, transport: 'library', addresses } as unknown as TransportSettings;
    const transports = createTransports(settings, createRealClock());
    await transports.prepare(['grpc']);
    const unknown = { target: 0, protocol: 'grpc', connections: undefined, failedAttempts: undefined };
    assert.deepEqual(
      transports.addressUse(),
      ADDRESSES.map(({ address }) => ({ ...unknown, address })),
    );
    await transports.close();
  });

  it('are added up over senders, and unknown where one does not know', () => {
    const of = (address: string, connections: number | undefined, failedAttempts = connections) =>
      ({ target: 0, protocol: 'http', address, connections, failedAttempts }) as const;
    const other = { ...of('a', 7), target: 1 } as const;
    const grpc = { ...of('a', 7), protocol: 'grpc' } as const;
    assert.deepEqual(
      sumAddressUse([[of('a', 1, 2), of('b', 3)], [of('a', 4, 0), of('b', undefined), grpc, other], []]),
      [of('a', 5, 2), of('b', undefined), grpc, other],
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Protocol, TraceRecord } from '../../../src/trace/record/record.ts';
import { MS, makeRecord } from '../../results/support.ts';
import { goodAnswer } from '../../transports/conformance-grpc-peer.ts';
import { assertFaults } from './assert-faults.ts';
import { type FaultServer, type Means, playFaults, TWO_SENDERS, WIRE } from './fault-run.ts';
import { grpcCalls } from './grpc-calls.ts';
import { startGrpcServer } from './grpc-fault-server.ts';
import { OK, startHttpServer } from './http-fault-server.ts';

const OPERATIONS = 300;
const GAP_MS = 2;
/** Two operations each, further apart than the stall is long: no session waits for an answer of its own. */
const SESSIONS = OPERATIONS / 2;
/** Requests that are answered before the server stands still. */
const BEFORE = 40;
const STALL_MS = 250;
/** A server that waits for more than comes gives up. */
const MOST_MS = 60_000;

/** What is due during the stall, but for a few. */
const ENOUGH = (STALL_MS / GAP_MS) * 0.8;

interface StallingServer extends FaultServer {
  stall: Stall;
}

/** Answers at once, stands still for a while and until enough have come, and then answers all of those. */
class Stall {
  /** When requests came, in ms. */
  readonly atMs: number[] = [];
  beganMs = Infinity;
  endedMs = Infinity;
  readonly #held: (() => void)[] = [];
  readonly #enough: number;

  constructor(enough: number) {
    this.#enough = enough;
  }

  request(answer: () => void): void {
    this.atMs.push(performance.now());
    if (this.atMs.length === BEFORE) this.#begin();
    if (this.beganMs === Infinity || this.endedMs < Infinity) answer();
    else this.#held.push(answer);
  }

  /** Requests that came during the stall, the one it began with among them. */
  get held(): number {
    return this.#held.length;
  }

  #begin(): void {
    this.beganMs = performance.now();
    const look = (): void => {
      const stalledMs = performance.now() - this.beganMs;
      const isOver = stalledMs >= STALL_MS && this.#held.length >= this.#enough;
      if (isOver || stalledMs >= MOST_MS) this.#recover();
      else setTimeout(look, 10);
    };
    setTimeout(look, STALL_MS);
  }

  #recover(): void {
    this.endedMs = performance.now();
    for (const answer of this.#held) answer();
  }
}

async function startStalling(protocol: Protocol, enough: number): Promise<StallingServer> {
  const stall = new Stall(enough);
  const server =
    protocol === 'http'
      ? await startHttpServer((socket) => stall.request(() => socket.write(OK)))
      : await startGrpcServer(({ peer, id }) => stall.request(() => peer.send(...goodAnswer(id))));
  return Object.assign(server, { stall });
}

function recordsOf(protocol: Protocol): TraceRecord[] {
  if (protocol === 'grpc') return grpcCalls({ count: OPERATIONS, gapMs: GAP_MS, sessions: SESSIONS });
  return Array.from({ length: OPERATIONS }, (_, number) =>
    makeRecord({
      startNs: number * GAP_MS * MS,
      durationNs: MS,
      session: `s${number % SESSIONS}`,
      op: 'call',
    }),
  );
}

describe('a server that stalls and recovers', { concurrency: 6 }, () => {
  const cases: [Protocol, Means][] = [
    ['http', WIRE],
    ['grpc', WIRE],
    ['grpc', TWO_SENDERS],
  ];
  for (const [protocol, means] of cases) {
    const by = `${protocol}, ${means.transport}, ${means.senders} senders`;

    it(`holds up nobody else, and its answers say how long it took (${by})`, async () => {
      const records = recordsOf(protocol);
      const { document, warnings, server } = await playFaults({
        records,
        start: () => startStalling(protocol, ENOUGH),
        means,
      });
      assertFaults({ document, warnings }, records, { ok: OPERATIONS, errors: [], exitCode: 0 });
      const { stall } = server;
      assert.ok(stall.held >= ENOUGH, `${stall.held} came during the stall`);
      for (const latency of [document.latency.overall, document.service_latency.overall]) {
        assert.ok((latency.max ?? 0) > STALL_MS * 0.9, `longest ${latency.max} ms`);
      }
      assert.ok(document.fidelity.engine.max_in_flight >= ENOUGH);
    });
  }

  for (const protocol of ['http', 'grpc'] as const) {
    it(`is not met by all that waited at once (${protocol})`, async () => {
      const records = recordsOf(protocol);
      const maxInFlight = 20;
      const { document, warnings, server } = await playFaults({
        records,
        start: () => startStalling(protocol, maxInFlight),
        means: WIRE,
        replay: { maxInFlight },
      });
      const reasons = ['back_pressure'];
      assertFaults({ document, warnings }, records, { ok: OPERATIONS, errors: [], reasons, exitCode: 0 });
      const { stall } = server;
      assert.ok(stall.held <= maxInFlight);
      const { lateness_attribution: late } = document.fidelity;
      assert.ok(late.back_pressure.ops > 0 && late.catch_up.ops > 0, JSON.stringify(late));
      // What waited leaves twice as fast as planned, and not faster.
      const after = stall.atMs.filter((atMs) => atMs > stall.endedMs);
      for (let count = 2 * maxInFlight; count < STALL_MS / GAP_MS / 2; count += 1) {
        const tookMs = (after[count] ?? Infinity) - stall.endedMs;
        assert.ok(tookMs >= ((count - maxInFlight) * GAP_MS) / 2 / 1.25, `${count} came in ${tookMs} ms`);
      }
    });
  }
});

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { accountingCloses } from '../../../src/replay/accounting.ts';
import { createRealClock } from '../../../src/replay/clock/real-clock.ts';
import type { ReplayEnd } from '../../../src/replay/engine/replay-end.ts';
import { type ReplayOptions, replayOptions } from '../../../src/replay/replay-options.ts';
import { replayByShards } from '../../../src/replay-run/shards/replay-by-shards.ts';
import { ShardPool } from '../../../src/replay-run/shards/shard-pool.ts';
import { createShardThreads, type WorkOfShard } from '../../../src/replay-run/shards/shard-threads.ts';
import { shareOf } from '../../../src/replay-run/shards/share.ts';
import { createWholeRecorder } from '../../../src/replay-run/shards/whole-recorder.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../../src/replay-run/target/endpoint.ts';
import { createResultsDocument } from '../../../src/results/create-results-document.ts';
import type { ResultsDocument } from '../../../src/results/document/results-document.ts';
import type { TraceRecord } from '../../../src/trace/record/record.ts';
import { documentInput, validated } from '../../results/support.ts';
import { makeRecord } from '../../support/make-record.ts';
import { PATIENT } from '../../support/patient.ts';
import { inBatches, MS, SECOND } from '../../support/replay-harness.ts';

const TALLY = { timeScale: 1, sortsDues: false, dialect: 'generic', redacted: [] };

let server: Server;
let url = '';
const seen: string[] = [];

before(async () => {
  server = createServer((request, response) => {
    seen.push(request.url ?? '');
    request.resume().on('end', () => setTimeout(() => response.end('ok'), 20));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

interface Played {
  end: ReplayEnd;
  document: ResultsDocument;
}

/** Plays by two real threads; with a `way`, the second one dies in it. */
async function playInThreads(
  records: TraceRecord[],
  given: Partial<ReplayOptions> = {},
  way?: string,
  meanwhile?: (pool: ShardPool) => void,
): Promise<Played> {
  const clock = createRealClock();
  const options = replayOptions({ ...PATIENT, ...given });
  const tuning =
    way === undefined ? {} : { program: new URL('./mortal-shard.js', import.meta.url), heapMb: 64 };
  const settings = { http: parseHttpEndpoint(url), grpc: parseGrpcEndpoint('127.0.0.1:1') };
  const workOf = (number: number): WorkOfShard => ({
    transports: way === undefined || number === 0 ? settings : { ...settings, headers: ['x-way', way] },
    tally: TALLY,
    isLogged: false,
  });
  const pool = new ShardPool(options, 2, createShardThreads(clock, tuning).open(workOf));
  const whole = createWholeRecorder({ timeScale: 1 }, 2);
  const recorder = whole.results;
  try {
    await pool.prepare(['http']);
    assert.deepEqual(await pool.warmUp(20_000), []);
    const ending = replayByShards(() => inBatches(records, 50), options, { clock, recorder: whole }, pool);
    meanwhile?.(pool);
    const end = await ending;
    return { end, document: validated(createResultsDocument({ ...documentInput(), recorder, end })) };
  } finally {
    await pool.close();
  }
}

function steady(count: number, gapNs: number): TraceRecord[] {
  return Array.from({ length: count }, (_, i) =>
    makeRecord(i * gapNs, { session: `s${i % 9}`, path: `/${i}`, durationNs: 1 * MS }),
  );
}

describe('senders in threads', () => {
  it('send everything once, with times of one clock', async () => {
    seen.length = 0;
    const records = steady(400, 2 * MS);
    const { end, document } = await playInThreads(records, { order: 'open' });
    assert.equal(end.stop, 'end');
    assert.equal(end.accounting.ok, 400);
    assert.deepEqual(seen.toSorted(), records.map(({ path }) => path).toSorted());
    // Times of another origin would be hours off, or before they were due.
    assert.ok((document.send_error_us.min ?? -1) >= -50, String(document.send_error_us.min));
    assert.ok((document.send_error_us.p50 ?? Infinity) < 5e6);
    assert.equal(document.fidelity.accounting.closes, true);
  });

  for (const [way, cause] of [
    ['throw', /sender 2 died: RangeError: scripted death/],
    ['reject', /sender 2 died: Error: scripted rejection/],
    ['exit', /sender 2 died: it ended with code 7/],
  ] as const) {
    it(`end the replay when one dies (${way}), and say why`, async () => {
      const { end, document } = await playInThreads(steady(3000, 2 * MS), {}, way);
      assertDied(end, document, cause, 3000);
    });
  }

  it('end the replay when one runs out of memory', async () => {
    const { end, document } = await playInThreads(steady(3000, 20 * MS), {}, 'memory');
    assertDied(end, document, /sender 2 died: .*memory/i, 3000);
  });

  it('end the replay when one is terminated, even if it never comes back to its event loop', async () => {
    const kill = (pool: ShardPool): void =>
      void setTimeout(() => void pool.shards[1]?.link.terminate(), 2000);
    const { end, document } = await playInThreads(steady(3000, 20 * MS), {}, 'block', kill);
    assertDied(end, document, /sender 2 died: it ended with code 1/, 3000);
  });

  it('are ended with what keeps them, also those that were opened in vain', async () => {
    const threads = createShardThreads(createRealClock());
    const gone: string[] = [];
    const options = shareOf(replayOptions(), 0, 1);
    const transports = { http: undefined, grpc: undefined };
    threads.open(() => ({ transports, tally: TALLY, isLogged: false }))(0, options, {
      message: () => {},
      gone: (why) => void gone.push(why),
    });
    await threads.close();
    assert.equal(gone.length, 1);
  });

  it('end soon after an interrupt', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1000);
    const given = { signal: controller.signal, interruptDrainNs: SECOND };
    const { end } = await playInThreads(steady(3000, 20 * MS), given);
    assert.equal(end.stop, 'interrupted');
    assert.ok(accountingCloses(end.accounting));
    assertPlanned(end, 3000);
  });
});

/** What is left of a plan is counted for two seconds; a machine that stands still so long is told of. */
function assertPlanned({ accounting, planComplete }: ReplayEnd, planned: number): void {
  if (planComplete) assert.equal(accounting.planned, planned);
  else assert.ok(accounting.planned < planned, JSON.stringify(accounting));
}

function assertDied(end: ReplayEnd, document: ResultsDocument, cause: RegExp, planned: number): void {
  assert.equal(end.stop, 'sender_died');
  const { verdict, reasons, accounting } = document.fidelity;
  assert.equal(verdict, 'invalid');
  const reason = reasons.find(({ code }) => code === 'sender_died');
  assert.match(String(reason?.observed), cause);
  assert.equal(accounting.closes, true, JSON.stringify(accounting));
  assertPlanned(end, planned);
  assert.ok(accounting.unsent > 0 && accounting.ok > 0, JSON.stringify(accounting));
}

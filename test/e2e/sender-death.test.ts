import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { createRealClock } from '../../src/replay/clock/real-clock.ts';
import { replayOptions } from '../../src/replay/replay-options.ts';
import { factsOf } from '../../src/replay-log/document-facts.ts';
import { startReplayLog } from '../../src/replay-log/start-replay-log.ts';
import { rowsOf } from '../../src/replay-run/logged-run.ts';
import { replayByShards } from '../../src/replay-run/shards/replay-by-shards.ts';
import { ShardPool } from '../../src/replay-run/shards/shard-pool.ts';
import { createShardThreads, type WorkOfShard } from '../../src/replay-run/shards/shard-threads.ts';
import { createWholeRecorder } from '../../src/replay-run/shards/whole-recorder.ts';
import { parseGrpcEndpoint, parseHttpEndpoint } from '../../src/replay-run/target/endpoint.ts';
import { createResultsDocument } from '../../src/results/create-results-document.ts';
import { verifyReplay } from '../../src/verify/verify-replay.ts';
import { ok, startServer } from '../cli/replay-support.ts';
import { HEADER } from '../replay-log/support.ts';
import { documentInput, validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { makeRecord } from '../support/make-record.ts';
import { inBatches, MS } from '../support/replay-harness.ts';

it('a sender that dies leaves a log that is whole and proves the document', async () => {
  const folder = newFolder();
  const server = await startServer(ok);
  const logPath = join(folder, 'replay.log');
  const clock = createRealClock();
  const options = replayOptions({});
  const records = Array.from({ length: 3000 }, (_, i) =>
    makeRecord(i * 2 * MS, { session: `s${i % 9}`, path: `/${i}`, durationNs: MS }),
  );
  const settings = { http: parseHttpEndpoint(server.url), grpc: parseGrpcEndpoint('127.0.0.1:1') };
  const workOf = (number: number): WorkOfShard => ({
    transports: number === 0 ? settings : { ...settings, headers: ['x-way', 'exit'] },
    tally: { timeScale: 1, sortsDues: false, dialect: 'generic', redacted: [] },
    isLogged: true,
  });
  // Its second sender leaves the process half a second into the replay.
  const program = new URL('../replay-run/shards/mortal-shard.js', import.meta.url);
  const pool = new ShardPool(options, 2, createShardThreads(clock, { program }).open(workOf));
  try {
    const log = await startReplayLog({ path: logPath, header: HEADER });
    const whole = createWholeRecorder({ timeScale: 1 }, 2);
    const recorder = whole.results;
    await pool.prepare(['http']);
    assert.deepEqual(await pool.warmUp(20_000), []);
    const end = await replayByShards(
      () => inBatches(records, 50),
      options,
      { clock, recorder: whole, log: rowsOf(log) },
      pool,
    );
    const input = documentInput();
    const shown = { rate_multiplier: 1, timing: 'absolute', behind: 'catch-up', max_in_flight: 4096 };
    const plan = { ...input.plan, options: shown };
    const document = validated(createResultsDocument({ ...input, plan, recorder, end }));
    const seal = await log.finish({ anchorNs: end.startNs, factsJson: JSON.stringify(factsOf(document)) });
    const { entries, entriesLost: entries_lost, blocks, sha256 } = seal;
    document.replay_log = { entries, entries_lost, blocks, sha256 };

    assert.equal(document.summary.stop, 'sender_died');
    assert.equal(document.fidelity.verdict, 'invalid');
    assert.equal(entries, 3000);
    const result = await verifyReplay(logPath, document);
    assert.deepEqual(result.logDamage, []);
    assert.deepEqual(
      result.checks.filter(({ agrees }) => !agrees),
      [],
    );
  } finally {
    await pool.close();
    await server.close();
  }
});

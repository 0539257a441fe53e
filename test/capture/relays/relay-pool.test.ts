import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createCaptureClock, momentOf } from '../../../src/capture/capture-clock.ts';
import { captureSettings } from '../../../src/capture/capture-options.ts';
import type { EndedRun } from '../../../src/capture/op-log/loss-file.ts';
import { addStats } from '../../../src/capture/relays/add-stats.ts';
import { RelayPool } from '../../../src/capture/relays/relay-pool.ts';
import { relaySettings } from '../../../src/capture/relays/relay-settings.ts';
import { emptyLoss } from '../../../src/trace/record/record.ts';
import { newFolder } from '../../support/folders.ts';
import { until } from '../support.ts';

/** A pool of programs that speak like relays and relay nothing. */
function poolOf(program: string, relays: number, closeMs = 60_000) {
  const file = join(newFolder(), 'relay.mjs');
  const status = { stats: { ...addStats([]), records: 5, segments: 1, diskSilentMs: 1 }, troubles: [] };
  const told = JSON.stringify({ ...status, load: { taken: 0, open: 0 }, untoldLoss: emptyLoss() });
  writeFileSync(
    file,
    `const status = ${told};\nconst send = (message, then) => process.send(message, then);\n${program}`,
  );
  const clock = createCaptureClock();
  const warnings: string[] = [];
  const ended: (readonly EndedRun[])[] = [];
  const settings = relaySettings(captureSettings({ http: ':1' }), relays);
  const pool = new RelayPool({
    relays,
    nowNs: () => clock.nowNs(),
    startOf: (number, runs) => {
      ended.push(runs);
      return { settings, runId: `r${number}`, clock: momentOf(clock), ended: runs };
    },
    onRelayWarning: () => {},
    onWarning: (text) => warnings.push(text),
    onTrouble: () => {},
    closeMs,
    program: pathToFileURL(file),
  });
  return { pool, warnings, ended };
}

const CLOSES = `process.on('message', ({ kind }) => {
  if (kind === 'close') send({ kind: 'closed', summary: { ...status.stats, untoldLoss: status.untoldLoss, lossFile: '', closedProperly: true } }, () => process.exit());
});`;

describe('relay processes', () => {
  it('that die at once again and again end the whole with an error, not in a loop', async () => {
    const dies = `process.on('message', ({ kind, start }) => {
      if (kind !== 'start') return;
      if (start.runId === 'r1') send({ kind: 'ready' }, () => send({ kind: 'status', status }, () => process.exit(7)));
      else send({ kind: 'ready' }, () => { throw new RangeError('no way'); });
    });`;
    const { pool, warnings, ended } = poolOf(dies, 1);
    await pool.start();
    const error = await pool.failed;
    assert.match(
      error.message,
      /^a relay died 5 times in a row within 10 s of its start: exit code 1: RangeError: no way$/,
    );
    const [first, second] = warnings;
    assert.equal(first, 'a relay died with 0 open connections (run r1, exit code 7)');
    assert.equal(second, 'another relay (run r2) took the place of the one that died');
    assert.equal(warnings.length, 5 + 4);
    assert.deepEqual(
      ended.map((runs) => runs.map(({ runId }) => runId)),
      [[], ['r1'], ['r2'], ['r3'], ['r4']],
      'each is told of the one before it, and only of that: the first thing it does is to write down its end',
    );
    const [dead] = ended[1] as [EndedRun];
    assert.equal(dead.endNs - dead.sinceNs, 1e6, 'from when its disk answered no more');
    const summary = await pool.close();
    assert.deepEqual(
      [summary.relays, summary.relaysDied, summary.records, summary.closedProperly],
      [1, 5, 5, false],
    );
  });

  it('that can not start end the start with what they say', async () => {
    const fails = `process.on('message', ({ kind, start }) => {
      if (kind !== 'start') return;
      if (start.runId === 'r1') send({ kind: 'ready' });
      else send({ kind: 'failed', error: { code: 'io', message: 'no folder', where: '/x', hint: 'make one' } });
    });${CLOSES}`;
    const { pool, warnings } = poolOf(fails, 2);
    await assert.rejects(pool.start(), { code: 'io', message: 'no folder', where: '/x', hint: 'make one' });
    assert.deepEqual(warnings, []);
  });

  it('that do not end when they are told to are killed, and the op log was not closed in order', async () => {
    const hangs = `process.on('message', ({ kind, start }) => {
      if (kind === 'start') send({ kind: 'ready' }, () => send({ kind: 'status', status }));
    });`;
    const { pool, warnings } = poolOf(hangs, 2, 100);
    await pool.start();
    await until(() => pool.stats.records === 10, 'both told what they count');
    const summary = await pool.close();
    assert.deepEqual([summary.closedProperly, summary.relaysDied, summary.records], [false, 2, 10]);
    assert.equal(warnings.length, 2);
  });
});

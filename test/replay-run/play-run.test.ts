import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { EngramTraceError } from '../../src/error.ts';
import { replay } from '../../src/replay/engine/engine.ts';
import { replayOptions } from '../../src/replay/replay-options.ts';
import type { Player } from '../../src/replay-run/create-player.ts';
import { NO_LOG } from '../../src/replay-run/logged-run.ts';
import type { RunDeps, RunOptions } from '../../src/replay-run/options/run-options.ts';
import { playRun } from '../../src/replay-run/play-run.ts';
import type { NumberedSource } from '../../src/replay-run/source/numbered-source.ts';
import { parseHttpEndpoint } from '../../src/replay-run/target/endpoint.ts';
import { ResultsRecorder } from '../../src/results/tally/results-recorder.ts';
import { emptyHeader, emptyLoss, type TraceRecord } from '../../src/trace/record/record.ts';
import type { Trace } from '../../src/trace/trace.ts';
import { documentInput } from '../results/support.ts';
import { makeRecord } from '../support/make-record.ts';
import { PLACED_BLOCK_RECORDS, placedBatches } from '../support/placed-batches.ts';
import { createScriptedTransport, inBatches, MS, SECOND } from '../support/replay-harness.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const RECORDS = Array.from({ length: 100 }, (_, i) => makeRecord(i * MS));

/** A run on a virtual clock, whose warm-up takes until the test ends it. */
function staged(
  signal?: AbortSignal,
  records: readonly TraceRecord[] = RECORDS,
  open: () => AsyncIterable<TraceRecord[]> = () => inBatches([...records], 10),
) {
  const clock = createVirtualClock(1e12);
  const transport = createScriptedTransport(clock, () => ({ kind: 'at_once', ok: true }));
  const heard: string[] = [];
  let planned = (): number | undefined => undefined;
  let endWarmUp = (_: EngramTraceError[]): void => {};
  const recorder = new ResultsRecorder({ timeScale: 1 });
  const player: Player = {
    prepare: async () => {},
    warmUp: () =>
      new Promise((resolve) => {
        heard.push('warm-up');
        endWarmUp = resolve;
      }),
    addressUse: () => [],
    close: async () => {},
    recorder,
    play: (openSource, options, { log, ...deps }) =>
      replay(openSource, options, {
        ...deps,
        observer: log.observe(recorder),
        transportFor: () => transport,
      }),
    health: (whole) => whole,
  };
  const source: NumberedSource = {
    open,
    recordNumber: (number) => number,
    recordsRead: 0,
  };
  const trace: Trace = {
    name: 'scripted',
    format: 'trace',
    header: emptyHeader(),
    index: undefined,
    hints: { byProtocol: { http: records.length, grpc: 7 } },
    seekable: true,
    warnings: [],
    records: () => source.open(),
    loss: emptyLoss(),
    close: async () => {},
  };
  const run: RunOptions = { trace, http: parseHttpEndpoint('http://127.0.0.1:9'), grpc: undefined };
  const { tool, host } = documentInput();
  const deps: RunDeps = {
    clock,
    nowMs: () => 0,
    tool,
    host,
    health: { cpuUsage: () => ({ user: 0, system: 0 }) },
    warn: (text) => void heard.push(text),
    onStart: (progress) => {
      heard.push('start');
      planned = progress.planned;
    },
  };
  const parts = { options: replayOptions({ signal, drainNs: 0 }), source, player, log: NO_LOG };
  const played = playRun(run, deps, parts);
  return {
    clock,
    heard,
    endWarmUp: (...errors: EngramTraceError[]) => endWarmUp(errors),
    played,
    transport,
    planned: () => planned(),
  };
}

describe('a run that is interrupted before its first operation', () => {
  it('does not connect, and counts its plan', async () => {
    const { clock, heard, played, transport } = staged(AbortSignal.abort());
    const { end, health } = await clock.runUntil(played, 1e12 + SECOND);
    assert.deepEqual(heard, ['start']);
    assert.equal(end.planComplete, true);
    assert.equal(end.accounting.unsent, 100);
    assert.notEqual(health.cpu, undefined);
    assert.equal(transport.sends.length, 0);
  });

  it('says nothing more when it is over, and keeps nothing, whatever comes of connecting', async () => {
    const controller = new AbortController();
    const records = RECORDS.slice(0, PLACED_BLOCK_RECORDS);
    let free = 0;
    const { clock, heard, endWarmUp, played } = staged(controller.signal, records, () =>
      placedBatches(records, records.length, () => free++),
    );
    await turn();
    assert.deepEqual(heard, ['warm-up']);
    controller.abort();
    const { end } = await clock.runUntil(played, 1e12 + 60 * SECOND);
    assert.equal(end.stop, 'interrupted');
    endWarmUp(new EngramTraceError('target', 'nobody is there'));
    await turn();
    assert.deepEqual(heard, ['warm-up']);
    assert.equal(free, 1, 'what was read for it is given back');
  });
});

describe('what a run says it plans', () => {
  it('is what is sent: neither what has no target nor what is left out for what it is', async () => {
    const whole = Array.from({ length: 90 }, (_, i) => makeRecord(i * MS));
    const cut = Array.from({ length: 10 }, (_, i) => makeRecord((90 + i) * MS, { bodyBytesMissing: 5 }));
    const { clock, endWarmUp, played, planned } = staged(undefined, [...whole, ...cut]);
    await turn();
    endWarmUp();
    const { end, leftOut } = await clock.runUntil(played, 1e12 + 60 * SECOND);
    assert.equal(end.accounting.sent, 90);
    assert.equal(planned(), 90);
    assert.equal(leftOut.ops.text(), 'op (10)');
  });
});

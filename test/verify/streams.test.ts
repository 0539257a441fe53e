import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { ReplayOptions } from '../../src/replay/replay-options.ts';
import type { LogBlock } from '../../src/replay-log/log-block.ts';
import { readReplayLog } from '../../src/replay-log/read-replay-log.ts';
import type { StreamsSection } from '../../src/results/document/streams-section.ts';
import type { TraceRecord } from '../../src/trace/record/record.ts';
import type { Trace } from '../../src/trace/trace.ts';
import { type Verification, verifyReplay } from '../../src/verify/verify-replay.ts';
import { HEADER } from '../replay-log/support.ts';
import fc, { runs } from '../support/fast-check.ts';
import { newFolder } from '../support/folders.ts';
import { makeRecord } from '../support/make-record.ts';
import { MS, SECOND } from '../support/replay-harness.ts';
import { createStreamTransport, type StreamFate, streamWith } from '../support/stream-transport.ts';
import { loggedRun, type Run, sealedLog, traceOf, writeLog } from './support.ts';

let folder = '';
before(async () => {
  folder = newFolder();
});

async function verify({ document, log }: { document: unknown; log: Uint8Array }, trace?: Trace) {
  return verifyReplay(await writeLog(folder, log), document, trace);
}

function wrongOnes({ checks, logDamage }: Verification): unknown[] {
  const wrong = checks.filter((check) => !check.agrees);
  return [...logDamage, ...wrong.map(({ name, inDocument, recomputed }) => [name, inDocument, recomputed])];
}

function streamRun(
  records: readonly TraceRecord[],
  given: Partial<ReplayOptions>,
  fateOf: (record: TraceRecord) => StreamFate,
): Promise<Run> {
  const unused = () => ({ kind: 'at_once', ok: true }) as const;
  return loggedRun(records, given, unused, (clock) => createStreamTransport(clock, fateOf));
}

/** Sixty streams of two ops in five sessions (the engine knows no protocol), each with three messages each way; some servers are slow. */
const RECORDS = Array.from({ length: 60 }, (_, i) =>
  makeRecord(i * 40 * MS, {
    session: `s${i % 5}`,
    op: i % 3 ? 'watch' : 'chat',
    path: `/${i}`,
    durationNs: 60 * MS,
    stream: streamWith([0, 11 * MS, 30 * MS], [5 * MS, 15 * MS, 50 * MS]),
  }),
);

function sixtyStreams(given: Partial<ReplayOptions> = {}): Promise<Run> {
  return streamRun(RECORDS, given, ({ path }) => {
    const i = Number(path.slice(1));
    return {
      leavesAfterNs: i % 17 === 3 ? undefined : i * 1000,
      holdNs: (i % 7) * MS,
      answersNs: [6 * MS, (16 + i) * MS, 90 * MS],
      endsAfterNs: i % 11 === 5 ? 20 * MS : 100 * MS,
      ok: i % 13 !== 0,
    };
  });
}

describe('verify, of streams', () => {
  it('agrees with a run of streams, at half the speed and at four times', async () => {
    for (const multiplier of [0.5, 1, 4]) {
      const run = await sixtyStreams({ multiplier });
      const result = await verify(run);
      assert.deepEqual(wrongOnes(result), []);
      const streams = run.document.streams as StreamsSection;
      assert.deepEqual([streams.operations, streams.messages_planned], [60, 180]);
      assert.equal(streams.messages_sent + streams.messages_unsent, 180);
      assert.ok(streams.messages_unsent > 0 && streams.messages_received > 0);
      assert.ok(result.checks.filter(({ name }) => name.startsWith('streams')).length > 100);
    }
  });

  it('agrees with any streams and any faults, and every message is sent or unsent', async () => {
    const offsets = fc.array(fc.nat(400 * MS), { maxLength: 6 });
    const fate: fc.Arbitrary<StreamFate> = fc.record({
      leavesAfterNs: fc.option(fc.nat(50 * MS), { nil: undefined }),
      holdNs: fc.constantFrom(0, 3 * MS, 5 * SECOND),
      answersNs: offsets,
      endsAfterNs: fc.option(fc.nat(500 * MS), { nil: undefined }),
      ok: fc.boolean(),
    });
    const each = fc.record({
      gapNs: fc.nat(200 * MS),
      session: fc.constantFrom('a', 'b'),
      op: fc.constantFrom('watch', 'chat', 'overall', ''),
      client: offsets,
      server: offsets,
      cancelNs: fc.option(fc.nat(500 * MS), { nil: undefined }),
      isStream: fc.boolean(),
      fate,
    });
    const options = fc.record({
      multiplier: fc.constantFrom(0.5, 1, 3, 4),
      order: fc.constantFrom('session' as const, 'open' as const),
      behind: fc.constantFrom('catch-up' as const, 'shed' as const, 'abort' as const),
      timing: fc.constantFrom({ kind: 'absolute' } as const, { kind: 'asap' } as const),
      maxInFlight: fc.constantFrom(1, 3, 4096),
      timeoutNs: fc.constant(SECOND),
      gateTimeoutNs: fc.constantFrom(SECOND, 10 * SECOND),
      drainNs: fc.constantFrom(undefined, SECOND),
      loops: fc.constantFrom(1, 2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(each, { maxLength: 15 }), options, async (list, given) => {
        let startNs = 0;
        let wanted = 0;
        const records = list.map((one, i): TraceRecord => {
          startNs += one.gapNs;
          const stream = one.isStream
            ? { ...streamWith(one.client, one.server), cancelNs: one.cancelNs }
            : undefined;
          wanted += one.isStream ? one.client.length * given.loops : 0;
          const { session, op } = one;
          return makeRecord(startNs, { session, op, path: `/${i}`, durationNs: 100 * MS, stream });
        });
        const run = await streamRun(
          records,
          given,
          ({ path }) => list[Number(path.slice(1))]?.fate as StreamFate,
        );
        assert.deepEqual(wrongOnes(await verify(run)), []);
        const { streams, fidelity } = run.document;
        assert.equal(fidelity.accounting.closes, true);
        assert.equal(streams === null, !list.some(({ isStream }) => isStream));
        if (streams === null) return;
        assert.equal(streams.messages_planned, wanted);
        assert.equal(streams.messages_sent + streams.messages_unsent, wanted);
      }),
      { seed: 1, numRuns: runs(80) },
    );
  });

  it('finds every number of the section that was edited, and a section taken out', async () => {
    const { document, log } = await sixtyStreams();
    const path = await writeLog(folder, log);
    const streams = document.streams as StreamsSection;
    const missed: string[] = [];
    for (const [name, value] of Object.entries(streams) as [keyof StreamsSection, unknown][]) {
      const forgeries =
        typeof value === 'number' ? [value + 1] : Object.keys(value as object).map((op) => forged(value, op));
      for (const forgery of forgeries) {
        const { agrees } = await verifyReplay(path, {
          ...document,
          streams: { ...streams, [name]: forgery },
        });
        if (agrees) missed.push(name);
      }
    }
    assert.deepEqual(missed, []);
    for (const other of [null, undefined]) {
      const { agrees } = await verifyReplay(path, { ...document, streams: other });
      assert.equal(agrees, false);
    }
    const { message_lateness: own, received_gap: foreign } = document.histograms;
    assert.notDeepEqual(own, foreign);
    const histograms = { ...document.histograms, message_lateness: foreign };
    assert.equal((await verifyReplay(path, { ...document, histograms })).agrees, false);
  });

  it('recomputes the verdict of late messages', async () => {
    const { document, log } = await sixtyStreams();
    const codes = document.fidelity.reasons.map(({ code }) => code);
    assert.ok(codes.includes('stream_message_late_p99'), codes.join());
    assert.ok(codes.includes('stream_messages_unsent'));
    const reasons = document.fidelity.reasons.filter(({ code }) => !code.startsWith('stream'));
    const fidelity = { ...document.fidelity, reasons };
    assert.equal((await verify({ document: { ...document, fidelity }, log })).agrees, false);
  });

  it('finds messages planned for other times than those of the trace', async () => {
    const { document, log } = await sixtyStreams({ multiplier: 2 });
    const trace = traceOf(RECORDS);
    assert.deepEqual(wrongOnes(await verify({ document, log }, trace)), []);
    const moved = RECORDS.map((record, i) =>
      i === 7 ? { ...record, stream: streamWith([0, 12 * MS, 30 * MS], [5 * MS, 15 * MS, 50 * MS]) } : record,
    );
    assert.match(
      String(wrongOnes(await verify({ document, log }, traceOf(moved)))),
      /differ from their record/,
    );
    const blocks = await blocksIn(log);
    const scaled = blocks.map((block) => ({
      ...block,
      columns: block.columns,
      streams: block.streams.map((stream) => ({ ...stream, timeScale: stream.timeScale * 1.5 })),
    }));
    const other = await sealedLog(scaled, document, anchorOf(blocks));
    const result = await verify({ document, log: other.log }, trace);
    assert.match(String(wrongOnes(result)), /planned for another time/);
  });

  it('takes a log of before there were messages in it for what it is', async () => {
    const run = await loggedRun([makeRecord(0), makeRecord(50 * MS)], {}, () => ({
      kind: 'at_once',
      ok: true,
    }));
    const { streams: _, endless_answers: __, histograms, ...document } = run.document;
    const { message_send_error, message_lateness, received_gap, recorded_gap, ...others } = histograms;
    assert.ok([message_send_error, message_lateness, received_gap, recorded_gap].every((each) => each));
    const { first_event, event_gap, longest_silence, ...older } = others;
    assert.ok([first_event, event_gap, longest_silence].every((each) => each));
    const blocks = await blocksIn(run.log);
    const sealed = await sealedLog(blocks, document, anchorOf(blocks), { ...HEADER, formatVersion: 1 });
    const asWritten = { ...document, histograms: older, replay_log: sealed.section };
    assert.deepEqual(wrongOnes(await verify({ document: asWritten, log: sealed.log })), []);
  });
});

/** The same section with one number of an op, or of all, changed. */
function forged(section: unknown, op: string): unknown {
  const { p50, ...others } = (section as Record<string, { p50: number | null }>)[op] as {
    p50: number | null;
  };
  return { ...(section as object), [op]: { ...others, p50: (p50 ?? 0) * 1.01 + 5 } };
}

async function blocksIn(log: Uint8Array): Promise<LogBlock[]> {
  const blocks: LogBlock[] = [];
  await readReplayLog(await writeLog(folder, log), (block) => blocks.push(block));
  return blocks;
}

function anchorOf(blocks: readonly LogBlock[]): number {
  return Math.min(...blocks.flatMap(({ columns }) => [...columns.dueNs]));
}

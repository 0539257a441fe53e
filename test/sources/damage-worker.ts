import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import { EngramTraceError } from '../../src/error.ts';
import { planExport, writeExport } from '../../src/sources/export/export-op-log.ts';
import type { WindowRequest } from '../../src/sources/export/export-window.ts';
import { openOpLog } from '../../src/sources/op-log/op-log.ts';
import { openTrace } from '../../src/sources/open/open-trace.ts';
import { recordToJson } from '../../src/trace/ndjson/record-json.ts';
import { hasLoss } from '../../src/trace/record/record.ts';
import { withFolder } from '../support/folders.ts';
import { EPOCH, makeRecord, SECOND, type SegmentSpec, writeOpLog } from './make-op-log.ts';

// A thread of its own: in a test each promise is followed by hooks, and these thousands of exports take three times as long.

/** Two runs; each segment covers 10 s and has two blocks of two records. */
function cleanLog(): SegmentSpec[] {
  const random = seeded(1);
  const record = (startNs: number) =>
    makeRecord(startNs, { body: Uint8Array.from({ length: 400 }, () => random(256)) });
  const segment = (run: string, number: number, openedS: number): SegmentSpec => {
    const start = openedS * SECOND;
    const digits = String(number).padStart(6, '0');
    const opened = new Date(Number(EPOCH / 1_000_000n) + openedS * 1000)
      .toISOString()
      .replaceAll(/[-:.]/g, '');
    return {
      name: `oplog-${opened}-${run}-${digits}.trace.zst`,
      header: { runId: run, openedNs: start },
      blocks: [
        [record(start), record(start + 2 * SECOND)],
        [record(start + 5 * SECOND), record(start + 9 * SECOND)],
      ],
      closedNs: start + 10 * SECOND,
    };
  };
  return [segment('a', 1, 0), segment('a', 2, 10), segment('b', 1, 20)];
}

interface Outcome {
  /** Each record by its start, as text. */
  records: Map<string, string>;
  isTold: boolean;
}

async function exportAll(folder: string, request: WindowRequest, skipDamaged: boolean): Promise<Outcome> {
  const log = await openOpLog(folder, { skipDamaged, from: request.startUnixNs, to: request.endUnixNs });
  try {
    const plan = await planExport(log, { ...request, tool: 'test', skipDamaged });
    const chunks: Uint8Array[] = [];
    const write = async (bytes: Uint8Array) => void chunks.push(bytes);
    const report = await writeExport(plan, { write, close: async () => {} });
    const trace = await openTrace('-', { stdin: Readable.from(chunks) });
    const records = new Map<string, string>();
    for await (const batch of trace.records()) {
      for (const record of batch) {
        const startUnixNs = String(trace.header.epochUnixNs + BigInt(record.startNs));
        records.set(startUnixNs, JSON.stringify({ ...recordToJson(record), start_ns: 0 }));
      }
    }
    assert.equal(
      hasLoss(trace.loss),
      hasLoss(report.loss),
      'the file and the report tell of the same losses',
    );
    await trace.close();
    return { records, isTold: hasLoss(trace.loss) };
  } finally {
    await log.close();
  }
}

/** Exports a damaged log, without and with leave to skip; what is said must fit what is there. */
async function judge(folder: string, request: WindowRequest, whole: Outcome): Promise<string> {
  const first = await exportAll(folder, request, false).catch(refusal);
  const outcome = first ?? (await exportAll(folder, request, true));
  const isWhole = outcome.records.size === whole.records.size;
  for (const [start, text] of outcome.records)
    assert.equal(text, whole.records.get(start), 'changed or made up');
  assert.ok(
    outcome.isTold || isWhole,
    `${whole.records.size - outcome.records.size} records lost in silence`,
  );
  if (first === undefined) return 'refused';
  return isWhole ? 'whole' : 'told';
}

function refusal(thrown: unknown): undefined {
  assert.ok(thrown instanceof EngramTraceError && thrown.code !== 'internal', String(thrown));
}

/** mulberry32: the same numbers below `limit` in every run. */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const WINDOWS: readonly WindowRequest[] = [
  {},
  { startUnixNs: EPOCH + BigInt(4 * SECOND), endUnixNs: EPOCH + BigInt(26 * SECOND) },
  { startUnixNs: EPOCH + BigInt(15 * SECOND), durationNs: 10 * SECOND },
];

/** Damages one file after the other, each time another one; counts what became of it. */
async function damageMany(
  times: number,
  damage: (bytes: Buffer, random: (limit: number) => number) => Buffer,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await withFolder(async (folder) => {
    const paths = await writeOpLog(folder, cleanLog());
    const files = await Promise.all(paths.map((path) => readFile(path)));
    const wholes = await Promise.all(WINDOWS.map((request) => exportAll(folder, request, false)));

    for (const { isTold } of wholes) assert.equal(isTold, false, 'nothing is missing yet');
    const random = seeded(20261128);
    for (let i = 0; i < times; i++) {
      const [file, window] = [random(paths.length), random(WINDOWS.length)];
      const [path = '', bytes = Buffer.alloc(0)] = [paths[file], files[file]];
      const damaged = damage(bytes, random);
      await writeFile(path, damaged);
      const what = await judge(folder, WINDOWS[window] ?? {}, wholes[window] ?? assert.fail()).catch(
        (thrown) => {
          const at = bytes.findIndex((byte, n) => byte !== damaged[n]);
          throw new Error(`damage ${i} of ${basename(path)} at byte ${at}, window ${window}: ${thrown}`);
        },
      );
      counts.set(what, (counts.get(what) ?? 0) + 1);
      await writeFile(path, bytes);
    }
  });
  return counts;
}

type Damage = (bytes: Buffer, random: (limit: number) => number) => Buffer;

/** What is done to a file, by name. */
const DAMAGES: Record<string, Damage> = {
  cut: (bytes, random) => bytes.subarray(0, random(bytes.length)),
  flip: (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
    return copy;
  },
};

const { times, kind } = workerData as { times: number; kind: string };
parentPort?.postMessage(await damageMany(times, DAMAGES[kind] ?? assert.fail(kind)));

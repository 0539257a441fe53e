import assert from 'node:assert/strict';
import { open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ExportReport, planExport, writeExport } from '../../../src/sources/export/export-op-log.ts';
import type { WindowRequest } from '../../../src/sources/export/export-window.ts';
import { openOpLog } from '../../../src/sources/op-log/op-log.ts';
import { createFileSink } from '../../../src/trace/file/file-sink.ts';
import { encodeUntoldLosses, untoldLossesName } from '../../../src/trace/op-log/untold-losses.ts';
import { openTraceFile } from '../../../src/trace/read/trace-file.ts';
import {
  emptyLoss,
  type Loss,
  type TraceHeader,
  type TraceRecord,
} from '../../../src/trace/record/record.ts';
import type { TraceIndex } from '../../../src/trace/stats/trace-index.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { withFolder } from '../../support/folders.ts';
import { EPOCH, makeRecord, SECOND, writeOpLog } from '../make-op-log.ts';

interface Exported {
  header: TraceHeader;
  index: TraceIndex;
  records: TraceRecord[];
  report: ExportReport;
  emptyBecause: string | undefined;
}

async function exportTo(
  source: string,
  output: string,
  options: WindowRequest & { skipDamaged?: boolean } = {},
): Promise<Exported> {
  const log = await openOpLog(source, {
    skipDamaged: options.skipDamaged,
    from: options.startUnixNs,
    to: options.endUnixNs,
  });
  try {
    const plan = await planExport(log, { ...options, tool: 'test' });
    const report = await writeExport(plan, await createFileSink(output));
    const file = await openTraceFile(output);
    assert.equal(file.indexSource, 'file');
    const records: TraceRecord[] = [];
    for (const entry of file.index.blocks) records.push(...(await file.readBlock(entry)));
    await file.close();
    records.sort((a, b) => a.startNs - b.startNs);
    return { header: file.header, index: file.index, records, report, emptyBecause: plan.emptyBecause };
  } finally {
    await log.close();
  }
}

const starts = (exported: Exported) => exported.records.map((record) => record.startNs);
const at = (ns: number) => EPOCH + BigInt(ns);

test('a window over several segments: blocks inside are copied, those at the edges cut', async () => {
  await withFolder(async (folder) => {
    await writeOpLog(folder, [
      {
        blocks: [
          [makeRecord(0), makeRecord(10)],
          [makeRecord(20), makeRecord(30)],
        ],
      },
      {
        blocks: [
          [makeRecord(40), makeRecord(50)],
          [makeRecord(60), makeRecord(70)],
        ],
        header: { openedNs: 35 },
      },
    ]);
    const window = { startUnixNs: at(10), endUnixNs: at(70) };
    const exported = await exportTo(folder, join(folder, 'out.bin'), window);
    assert.deepEqual(starts(exported), [10, 20, 30, 40, 50, 60]);
    assert.deepEqual(exported.records[1], makeRecord(20));
    const { blocksCopied, blocksRewritten, records } = exported.report;
    assert.deepEqual([blocksCopied, blocksRewritten, records], [2, 2, 6]);
    assert.equal(exported.header.sorted, true);
    assert.deepEqual(exported.header.window, { startNs: 10, endNs: 70 });
    assert.deepEqual(exported.header.gaps, []);
    assert.deepEqual(exported.header.origins, ['127.0.0.1:7432']);
    assert.deepEqual(exported.header.redacted, ['header:authorization']);
    assert.equal(exported.header.dialect, 'engram');
    assert.equal(exported.header.source, 'export');
  });
});

test('copied frames are byte for byte those of the segment', async () => {
  await withFolder(async (folder) => {
    const [path = ''] = await writeOpLog(folder, [{ blocks: [[makeRecord(0), makeRecord(10)]] }]);
    const exported = await exportTo(folder, join(folder, 'out.bin'));
    const source = await openTraceFile(path);
    const frame = await source.readFrame(source.index.blocks[0] ?? assert.fail());
    await source.close();
    assert.ok((await readFile(join(folder, 'out.bin'))).includes(Buffer.from(frame)));
    assert.equal(exported.report.blocksRewritten, 0);
  });
});

test('runs with epochs of their own end up on one time line', async () => {
  await withFolder(async (folder) => {
    await writeOpLog(folder, [
      { name: 'oplog-1-a-0.trace.zst', blocks: [[makeRecord(0), makeRecord(10)]], closedNs: 20 },
      {
        name: 'oplog-2-b-0.trace.zst',
        header: { epochUnixNs: at(1000), runId: 'b', dialect: 'generic' },
        blocks: [
          [makeRecord(0), makeRecord(5)],
          [makeRecord(8), makeRecord(20)],
        ],
      },
    ]);
    const exported = await exportTo(folder, join(folder, 'out.bin'), {
      startUnixNs: at(5),
      endUnixNs: at(1010),
    });
    assert.equal(exported.header.epochUnixNs, EPOCH);
    assert.deepEqual(starts(exported), [10, 1000, 1005, 1008]);
    assert.equal(exported.header.dialect, 'generic');
    assert.match(exported.header.notes.join(), /several dialects: engram, generic/);
    assert.equal(exported.header.runId, '');
    assert.deepEqual(
      exported.header.gaps.map(({ reason }) => reason),
      ['capture was not running'],
    );
  });
});

test('whatever the blocks and the window: the records of the window, and blocks in the order of their starts', async () => {
  const records = fc.array(fc.nat(100), { minLength: 1, maxLength: 5 });
  const segment = fc.array(records, { minLength: 1, maxLength: 4 });
  const log = fc.array(fc.record({ epoch: fc.nat(50), blocks: segment }), { minLength: 1, maxLength: 3 });
  const property = fc.asyncProperty(
    log,
    fc.nat(120),
    fc.integer({ min: 1, max: 60 }),
    async (segments, from, length) => {
      await withFolder(async (folder) => {
        await writeOpLog(
          folder,
          segments.map(({ epoch, blocks }, i) => ({
            header: { epochUnixNs: at(epoch), runId: `r${i}` },
            blocks: blocks.map((block) => block.map((startNs) => makeRecord(startNs))),
          })),
        );
        const window = { startUnixNs: at(from), endUnixNs: at(from + length) };
        const exported = await exportTo(folder, join(folder, 'out.bin'), window);
        const expected = segments
          .flatMap(({ epoch, blocks }) => blocks.flat().map((startNs) => at(epoch + startNs)))
          .filter((start) => start >= window.startUnixNs && start < window.endUnixNs)
          .sort((a, b) => Number(a - b));
        const found = exported.records.map((record) => exported.header.epochUnixNs + BigInt(record.startNs));
        assert.deepEqual(found, expected);
        assert.equal(exported.report.records, expected.length);
        assert.equal(exported.emptyBecause === undefined, expected.length > 0);
        const firsts = [...exported.index.blocks]
          .sort((a, b) => a.offset - b.offset)
          .map((b) => b.firstStartNs);
        assert.deepEqual(
          firsts,
          [...firsts].sort((a, b) => a - b),
        );
      });
    },
  );
  await fc.assert(property, { numRuns: runs(60) });
});

test('a gap between runs, losses and notes are in the header', async () => {
  await withFolder(async (folder) => {
    const loss = { ...emptyLoss(), recordsDropped: 3 };
    await writeOpLog(folder, [
      { name: 'oplog-1-a-0.trace.zst', blocks: [[makeRecord(0)]], closedNs: 10 * SECOND, header: { loss } },
      {
        name: 'oplog-2-b-0.trace.zst',
        header: { runId: 'b', openedNs: 15 * SECOND },
        blocks: [[makeRecord(16 * SECOND)]],
      },
    ]);
    const exported = await exportTo(folder, join(folder, 'out.bin'));
    assert.deepEqual(exported.header.gaps, [
      { startNs: 10 * SECOND, endNs: 15 * SECOND, reason: 'capture was not running' },
    ]);
    assert.equal(exported.header.loss.recordsDropped, 3);
    assert.equal(exported.report.loss.recordsDropped, 3);
  });
});

test('a window without records is written and says why', async () => {
  await withFolder(async (folder) => {
    await writeOpLog(folder, [{ blocks: [[makeRecord(0), makeRecord(10 * SECOND)]] }]);
    const table: [number, number, RegExp][] = [
      [
        20,
        30,
        /starts after the end of the log; the log covers 2025-11-21T14:00:00\.000Z to 2025-11-21T14:00:10/,
      ],
      [-20, -10, /ends before the log begins/],
      [3, 4, /nothing was recorded in the window/],
    ];
    for (const [from, to, expected] of table) {
      const window = { startUnixNs: at(from * SECOND), endUnixNs: at(to * SECOND) };
      const exported = await exportTo(folder, join(folder, `out${from}.bin`), window);
      assert.match(exported.emptyBecause ?? '', expected);
      assert.deepEqual(exported.records, []);
      assert.deepEqual(exported.header.notes, [exported.emptyBecause]);
    }
    const open = await exportTo(folder, join(folder, 'open.bin'), { startUnixNs: at(20 * SECOND) });
    assert.match(open.emptyBecause ?? '', /after the end/);
  });
});

test('an impossible window is refused', async () => {
  await withFolder(async (folder) => {
    await writeOpLog(folder, [{ blocks: [[makeRecord(0)]] }]);
    const backwards = exportTo(folder, join(folder, 'out.bin'), { startUnixNs: at(5), endUnixNs: at(5) });
    await assert.rejects(backwards, { code: 'usage', message: /ends at .*, no later than it starts/ });
  });
});

test('a segment of a killed capture is read without its index, and the header says so', async () => {
  await withFolder(async (folder) => {
    const [path = ''] = await writeOpLog(folder, [
      { blocks: [[makeRecord(0)], [makeRecord(10)]], finish: false },
    ]);
    const whole = await exportTo(folder, join(folder, 'whole.bin'));
    assert.deepEqual(starts(whole), [0, 10]);
    assert.match(whole.header.notes.join(), /was not closed/);
    await truncate(path, (await readFile(path)).length - 3);
    const cut = await exportTo(folder, join(folder, 'cut.bin'));
    assert.deepEqual(starts(cut), [0]);
    assert.match(cut.header.notes.join(), /last \d+ bytes are not whole/);
  });
});

test('an empty segment, which capture has just opened, is no obstacle', async () => {
  await withFolder(async (folder) => {
    await writeOpLog(folder, [{ blocks: [[makeRecord(0)]] }]);
    await writeFile(join(folder, 'oplog-20251121T150000Z-a-1.trace.zst'), '');
    const exported = await exportTo(folder, join(folder, 'out.bin'));
    assert.deepEqual(starts(exported), [0]);
  });
});

test('an unreadable segment stops the export and is named; with skipDamaged the others are used', async () => {
  await withFolder(async (folder) => {
    await writeOpLog(folder, [{ blocks: [[makeRecord(0)]] }]);
    await writeFile(join(folder, 'oplog-20251121T150000Z-a-1.trace.zst'), 'not a trace at all\n');
    await assert.rejects(exportTo(folder, join(folder, 'out.bin')), {
      code: 'not_a_trace',
      where: /oplog-20251121T150000Z-a-1/,
      hint: /--skip-damaged/,
    });
    const exported = await exportTo(folder, join(folder, 'out.bin'), { skipDamaged: true });
    assert.deepEqual(starts(exported), [0]);
    assert.match(exported.header.notes.join(), /oplog-20251121T150000Z-a-1.trace.zst was left out/);
  });
});

test('a damaged block at the edge stops the export, or is counted', async () => {
  await withFolder(async (folder) => {
    const blocks = [[makeRecord(0), makeRecord(10)], [makeRecord(20)]];
    const [path = ''] = await writeOpLog(folder, [{ blocks }]);
    const file = await openTraceFile(path);
    const entry = file.index.blocks[0] ?? assert.fail();
    await file.close();
    const handle = await open(path, 'r+');
    await handle.write(Buffer.from([0xff, 0xff]), 0, 2, entry.offset + entry.compressedBytes - 2);
    await handle.close();
    const window = { startUnixNs: at(5), endUnixNs: at(30) };
    await assert.rejects(exportTo(folder, join(folder, 'out.bin'), window), { code: 'corrupt' });
    const exported = await exportTo(folder, join(folder, 'out.bin'), { ...window, skipDamaged: true });
    assert.deepEqual(starts(exported), [20]);
    assert.equal(exported.report.loss.blocksDamaged, 1);
    assert.equal(exported.header.loss.recordsDamaged, 2);
  });
});

test('one trace file is a source too; its gaps are told on', async () => {
  await withFolder(async (folder) => {
    const gap = { startNs: 3, endNs: 5, reason: 'capture was not running' };
    const [path = ''] = await writeOpLog(folder, [
      { blocks: [[makeRecord(0)], [makeRecord(10)]], header: { gaps: [gap] } },
    ]);
    const exported = await exportTo(path, join(folder, 'out.bin'), { startUnixNs: at(4), endUnixNs: at(11) });
    assert.deepEqual(starts(exported), [10]);
    assert.deepEqual(exported.header.gaps, [{ ...gap, startNs: 4 }]);
  });
});

test('a folder that is no op log, and one that is not there', async () => {
  await withFolder(async (folder) => {
    await assert.rejects(openOpLog(folder), { code: 'usage', message: /no op log/ });
    await assert.rejects(openOpLog(join(folder, 'nowhere')), { code: 'io', message: /no such file/ });
  });
});

test('a segment that stands in the folder twice is exported once, and that is told', async () => {
  await withFolder(async (folder) => {
    const blocks = (from: number) => [[makeRecord(from)], [makeRecord(from + 5 * SECOND)]];
    const [first = '', second = ''] = await writeOpLog(folder, [
      { name: 'oplog-20251121T140000000Z-a-000001.trace.zst', blocks: blocks(0) },
      {
        name: 'oplog-20251121T140010000Z-a-000002.trace.zst',
        header: { openedNs: 10 * SECOND },
        blocks: blocks(10 * SECOND),
      },
    ]);
    const bytes = await readFile(first);
    const whole = (await exportTo(folder, join(folder, 'whole.bin'))).records;
    const expectOnce = async (what: string) => {
      const { records, header } = await exportTo(folder, join(folder, `${what}.bin`));
      assert.deepEqual(records, whole, what);
      assert.deepEqual([header.loss, header.gaps], [emptyLoss(), []], what);
      assert.match(header.notes.join(), /was left out: it is a copy of oplog-/, what);
    };
    await writeFile(join(folder, 'oplog-20251121T140000000Z-a-000001 copy.trace.zst'), bytes);
    await expectOnce('beside');
    await writeFile(first, bytes.subarray(0, bytes.length - 200));
    await expectOnce('the copy is the whole one');
    await writeFile(first, bytes);
    await writeFile(join(folder, 'oplog-20251121T140020000Z-a-000003.trace.zst'), await readFile(second));
    await expectOnce('as the next number');
  });
});

test('an earlier export in the same folder is not exported again', async () => {
  await withFolder(async (folder) => {
    await writeOpLog(folder, [{ blocks: [[makeRecord(0)]] }]);
    await exportTo(folder, join(folder, 'first.trace.zst'));
    assert.deepEqual(starts(await exportTo(folder, join(folder, 'second.trace.zst'))), [0]);
  });
});

const dropped = (recordsDropped: number): Loss => ({ ...emptyLoss(), recordsDropped });
const seconds = (from: number, to: number): WindowRequest => ({
  startUnixNs: at(from * SECOND),
  endUnixNs: at(to * SECOND),
});

test('losses told before the first record and after the last one belong to an export of everything', async () => {
  await withFolder(async (folder) => {
    await writeOpLog(folder, [
      {
        front: [{ closedNs: 1 * SECOND, loss: dropped(1) }],
        blocks: [[makeRecord(5 * SECOND)]],
        tail: [
          { closedNs: 8 * SECOND, loss: dropped(20) },
          { closedNs: 30 * SECOND, loss: dropped(300) },
        ],
      },
    ]);
    const table: [WindowRequest, number][] = [
      [{}, 321],
      [{ startUnixNs: at(2 * SECOND) }, 320],
      [{ endUnixNs: at(7 * SECOND) }, 21],
      [seconds(2, 4), 0],
      // The 300 were lost some time from 8 s to 30 s.
      [seconds(9, 10), 300],
      [seconds(31, 32), 0],
    ];
    for (const [request, expected] of table) {
      const exported = await exportTo(
        folder,
        join(folder, `${expected}-${String(request.startUnixNs)}.bin`),
        request,
      );
      assert.equal(exported.report.loss.recordsDropped, expected, String(request.startUnixNs));
      const inFile = exported.header.loss.recordsDropped + exported.index.totals.loss.recordsDropped;
      assert.equal(inFile, expected, 'in the file');
    }
  });
});

test('an op log that holds losses and no record tells them', async () => {
  await withFolder(async (folder) => {
    await writeOpLog(folder, [
      { blocks: [], tail: [{ closedNs: SECOND, loss: dropped(7) }], closedNs: 2 * SECOND },
    ]);
    const exported = await exportTo(folder, join(folder, 'out.bin'));
    assert.match(exported.emptyBecause ?? '', /holds none at all/);
    assert.equal(exported.header.loss.recordsDropped + exported.index.totals.loss.recordsDropped, 7);
    assert.equal(exported.report.loss.recordsDropped, 7);
  });
});

test('what a disk that was full for hours made capture lose belongs to those hours', async () => {
  await withFolder(async (folder) => {
    const hour = 3600 * SECOND;
    await writeOpLog(folder, [
      { name: 'oplog-1-a-1.trace.zst', blocks: [[makeRecord(0), makeRecord(hour)]], closedNs: hour },
      {
        name: 'oplog-2-a-2.trace.zst',
        header: { openedNs: 3 * hour, loss: dropped(5) },
        front: [{ closedNs: 3 * hour, loss: dropped(100) }],
        blocks: [[makeRecord(4 * hour)]],
      },
    ]);
    const during = await exportTo(folder, join(folder, 'during.bin'), seconds(7200, 7300));
    assert.equal(during.report.loss.recordsDropped, 105);
    assert.equal(
      (await exportTo(folder, join(folder, 'before.bin'), seconds(0, 60))).report.loss.recordsDropped,
      0,
    );
    const after = await exportTo(folder, join(folder, 'after.bin'), seconds(14_000, 15_000));
    assert.equal(after.report.loss.recordsDropped, 0);
  });
});

test('a segment that was cut off, and one that is missing, are told with the time they leave open', async () => {
  await withFolder(async (folder) => {
    const paths = await writeOpLog(
      folder,
      [0, 10, 20, 30].map((openedS, i) => ({
        name: `oplog-20251121T1400${String(openedS).padStart(2, '0')}000Z-a-00000${i + 1}.trace.zst`,
        header: { openedNs: openedS * SECOND },
        blocks: [[makeRecord((openedS + 1) * SECOND)], [makeRecord((openedS + 8) * SECOND)]],
        closedNs: (openedS + 10) * SECOND,
      })),
    );
    const file = await openTraceFile(paths[1] ?? '');
    const second = file.index.blocks[1] ?? assert.fail();
    await file.close();
    await truncate(paths[1] ?? '', second.offset + 5);
    const cut = await exportTo(folder, join(folder, 'cut.bin'));
    assert.equal(cut.header.loss.segmentsIncomplete, 1);
    assert.deepEqual(
      cut.header.gaps.map(({ startNs, endNs }) => [startNs, endNs]),
      [[11_001_000_000, 20 * SECOND]],
    );
    assert.match(cut.header.notes.join(), /-000002\.trace\.zst is cut off after 2025-11-21T14:00:11/);
    await rm(paths[1] ?? '');
    const missing = await exportTo(folder, join(folder, 'missing.bin'));
    assert.equal(missing.header.loss.segmentsIncomplete, 1);
    assert.match(missing.header.notes.join(), /1 segment is missing between/);
    const elsewhere = await exportTo(folder, join(folder, 'elsewhere.bin'), seconds(31, 40));
    assert.equal(elsewhere.report.loss.segmentsIncomplete, 0);
    await rm(paths[0] ?? '');
    const removed = await exportTo(folder, join(folder, 'removed.bin'));
    assert.equal(removed.header.loss.segmentsIncomplete, 0, 'retention takes the oldest');
  });
});

test('a flipped bit in a whole block stops the export, or is counted', async () => {
  await withFolder(async (folder) => {
    const blocks = [[makeRecord(0), makeRecord(10)], [makeRecord(20)]];
    const [path = ''] = await writeOpLog(folder, [{ blocks }]);
    const file = await openTraceFile(path);
    const entry = file.index.blocks[0] ?? assert.fail();
    await file.close();
    const bytes = await readFile(path);
    const middle = entry.offset + (entry.compressedBytes >> 1);
    bytes[middle] = (bytes[middle] ?? 0) ^ 4;
    await writeFile(path, bytes);
    await assert.rejects(exportTo(folder, join(folder, 'out.bin')), {
      code: 'corrupt',
      where: new RegExp(`a-0\\.trace\\.zst, block 0 at byte ${entry.offset}`),
      hint: /--skip-damaged/,
    });
    const exported = await exportTo(folder, join(folder, 'out.bin'), { skipDamaged: true });
    assert.deepEqual(starts(exported), [20]);
    assert.deepEqual([exported.report.loss.blocksDamaged, exported.report.loss.recordsDamaged], [1, 2]);
  });
});

test('a window of any year is told as far as a trace can tell it, and the file is readable', async () => {
  await withFolder(async (folder) => {
    await writeOpLog(folder, [{ blocks: [[makeRecord(0)], [makeRecord(SECOND)]], closedNs: 2 * SECOND }]);
    const [year1, year9999] = [-62_135_596_800n * 1_000_000_000n, 253_402_300_799n * 1_000_000_000n];
    const wide: WindowRequest[] = [
      { startUnixNs: year1 },
      { endUnixNs: year9999 },
      { startUnixNs: year1, endUnixNs: year9999 },
      { startUnixNs: at(-200 * 86_400 * SECOND), durationNs: 1e18 },
    ];
    for (const [i, request] of wide.entries()) {
      const exported = await exportTo(folder, join(folder, `wide${i}.bin`), request);
      assert.deepEqual(starts(exported), [0, SECOND]);
      assert.match(exported.header.notes.join(), /is wider than a trace can tell \(104 days\)/);
      assert.ok(exported.header.gaps.length > 0);
    }
    for (const [i, request] of [
      { startUnixNs: year9999 },
      { endUnixNs: year1 + 1n, startUnixNs: year1 },
    ].entries()) {
      const exported = await exportTo(folder, join(folder, `empty${i}.bin`), request);
      assert.match(exported.emptyBecause ?? '', /no records/);
    }
  });
});

test('records from far apart are refused before anything is written, and exported part by part', async () => {
  await withFolder(async (folder) => {
    // A machine whose clock stood in 1970 until it was set.
    await writeOpLog(folder, [
      { name: 'oplog-1-a-1.trace.zst', header: { epochUnixNs: 0n }, blocks: [[makeRecord(7)]], closedNs: 10 },
      {
        name: 'oplog-2-b-1.trace.zst',
        header: { runId: 'b' },
        blocks: [[makeRecord(5)]],
      },
    ]);
    await assert.rejects(exportTo(folder, join(folder, 'out.bin')), {
      code: 'usage',
      message: /too far apart .*1970-01-01T00:00:00\.000Z to 2025-11-21/,
    });
    await assert.rejects(readFile(join(folder, 'out.bin')), { code: 'ENOENT' });
    const late = await exportTo(folder, join(folder, 'late.bin'), { startUnixNs: at(0) });
    assert.deepEqual(starts(late), [5]);
    const early = await exportTo(folder, join(folder, 'early.bin'), { startUnixNs: 0n, endUnixNs: 100n });
    assert.deepEqual([early.header.epochUnixNs, ...starts(early)], [0n, 7]);
    const between = await exportTo(folder, join(folder, 'between.bin'), {
      startUnixNs: 1000n,
      endUnixNs: at(6),
    });
    assert.deepEqual(starts(between), [5]);
  });
});

test('a block whose epoch is months away from the first record is written again', async () => {
  await withFolder(async (folder) => {
    const days = 86_400 * SECOND;
    await writeOpLog(folder, [
      { name: 'oplog-1-a-1.trace.zst', header: { openedNs: 99 * days }, blocks: [[makeRecord(100 * days)]] },
      {
        name: 'oplog-2-b-1.trace.zst',
        header: { runId: 'b', epochUnixNs: at(150 * days) },
        blocks: [[makeRecord(20 * days)]],
      },
    ]);
    const exported = await exportTo(folder, join(folder, 'out.bin'));
    const found = exported.records.map(({ startNs }) => exported.header.epochUnixNs + BigInt(startNs));
    assert.deepEqual(found, [at(100 * days), at(170 * days)]);
    assert.equal(exported.report.blocksRewritten > 0, true);
  });
});

test('what a run tells in its first header was lost before it, whatever another one recorded beside it', async () => {
  await withFolder(async (folder) => {
    const b = { openedNs: 30 * SECOND, runId: 'b', loss: dropped(5) };
    await writeOpLog(folder, [
      {
        name: 'oplog-20251121T140000000Z-a-000001.trace.zst',
        blocks: [[makeRecord(SECOND), makeRecord(60 * SECOND)]],
      },
      {
        name: 'oplog-20251121T140030000Z-b-000001.trace.zst',
        header: b,
        blocks: [[makeRecord(31 * SECOND)]],
      },
    ]);
    const lost = async (from: number, to: number): Promise<number> =>
      (await exportTo(folder, join(folder, `${from}.bin`), seconds(from, to))).header.loss.recordsDropped;
    assert.deepEqual([await lost(10, 20), await lost(40, 50)], [5, 0]);
  });
});

test('what a run could tell in no block, and how long it lived, is read from the file beside its segments', async () => {
  await withFolder(async (folder) => {
    await writeOpLog(folder, [
      { name: 'oplog-20251121T140000000Z-a-000001.trace.zst', blocks: [[makeRecord(SECOND)]], finish: false },
    ]);
    const tell = (isEnded: boolean, loss: Loss) =>
      writeFile(
        join(folder, untoldLossesName(Number(EPOCH / 1_000_000n), 'a')),
        encodeUntoldLosses({
          runId: 'a',
          isEnded,
          sinceUnixNs: at(20 * SECOND),
          untilUnixNs: at(60 * SECOND),
          loss,
        }),
      );
    await tell(false, emptyLoss());
    const idle = await exportTo(folder, join(folder, 'idle.bin'), seconds(0, 70));
    assert.deepEqual(
      idle.header.gaps.map(({ startNs, endNs }) => [startNs / SECOND, endNs / SECOND]),
      [[60, 70]],
      'an idle capture is no gap',
    );
    assert.equal(idle.header.loss.segmentsIncomplete, 1);
    const past = await exportTo(folder, join(folder, 'past.bin'), seconds(0, 50));
    assert.deepEqual([past.header.gaps, past.header.loss], [[], emptyLoss()]);
    await tell(true, dropped(9));
    assert.equal((await exportTo(folder, join(folder, 'told.bin'))).header.loss.recordsDropped, 9);
    const earlier = await exportTo(folder, join(folder, 'earlier.bin'), seconds(0, 10));
    assert.equal(earlier.header.loss.recordsDropped, 0);
    await tell(false, emptyLoss());
    await rm(join(folder, 'oplog-20251121T140000000Z-a-000001.trace.zst'));
    await writeOpLog(folder, [
      {
        name: 'oplog-20251121T140000000Z-b-000001.trace.zst',
        header: { runId: 'b' },
        blocks: [[makeRecord(SECOND)]],
      },
    ]);
    const killed = await exportTo(folder, join(folder, 'killed.bin'));
    assert.equal(killed.header.loss.segmentsIncomplete, 1, 'a run that was killed and left no segment');
    assert.match(killed.header.notes.join(), /run a of capture left no segment/);
    await writeFile(join(folder, untoldLossesName(Number(EPOCH / 1_000_000n), 'a')), '');
    const unfilled = await exportTo(folder, join(folder, 'unfilled.bin'));
    assert.equal(unfilled.header.loss.segmentsIncomplete, 1, 'an empty file tells of no end');
    await tell(false, emptyLoss());
    await writeFile(join(folder, untoldLossesName(0, 'b')), 'damaged');
    await assert.rejects(exportTo(folder, join(folder, 'out.bin')), { hint: /--skip-damaged/ });
    const skipped = await exportTo(folder, join(folder, 'skipped.bin'), { skipDamaged: true });
    assert.equal(skipped.header.loss.segmentsIncomplete, 2);
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EPOCH, makeRecord, SECOND, writeOpLog } from '../sources/make-op-log.ts';
import { withFolder } from '../support/folders.ts';
import { ok, run, startServer } from './replay-support.ts';

/** Recorded for 29 s, not for 42 s, recorded for 29 s again, and then killed. */
async function writeGappyLog(folder: string): Promise<void> {
  const blocks = (startS: number) => [[1, 14, 28].map((s) => makeRecord((startS + s) * SECOND))];
  await writeOpLog(folder, [
    { name: 'oplog-20251121T140000000Z-a-000001.trace.zst', blocks: blocks(0), closedNs: 29 * SECOND },
    {
      name: 'oplog-20251121T140111000Z-b-000001.trace.zst',
      header: { runId: 'b', openedNs: 71 * SECOND },
      blocks: blocks(71),
      closedNs: 100 * SECOND,
      finish: false,
    },
  ]);
}

describe('what an op log lacks', () => {
  it('is told by export and inspect, and takes the verdict of a replay, which verify confirms', async () => {
    await withFolder(async (folder) => {
      await writeGappyLog(folder);
      const file = (name: string) => join(folder, name);
      const window = ['--start', '2025-11-21T14:00:00Z', '--duration', '100', '--json'];
      const exported = await run(['export', '--source', folder, '--output', file('w.trace.zst'), ...window]);
      assert.equal(exported.code, 0, exported.stderr);
      const report = JSON.parse(exported.stdout);
      assert.equal(report.loss.segments_incomplete, 1);
      assert.equal(report.gaps[0].reason, 'capture was not running');
      const { stdout: shown } = await run(['inspect', file('w.trace.zst')]);
      assert.match(shown, /losses: 1 segments incomplete\n/);
      assert.match(
        shown,
        /gap: 2025-11-21T14:00:29\.000Z to 2025-11-21T14:01:11\.000Z \(42\.0 s\): capture was not/,
      );
      // The ledger goes through every form.
      await run(['convert', file('w.trace.zst'), file('w.ndjson'), '--quiet']);
      const filtered = await run(['filter', file('w.ndjson'), '--output', file('f.trace.zst')]);
      assert.equal(filtered.code, 0, filtered.stderr);
      const server = await startServer(ok);
      try {
        const target = ['--endpoint', server.url, '--rate-multiplier', '1000', '--quiet', '--allow-origin'];
        const files = ['--output', file('r.json'), '--replay-log', file('r.log')];
        await run(['replay', '--trace', file('f.trace.zst'), ...target, ...files]);
      } finally {
        await server.close();
      }
      const { fidelity, capture_loss: loss } = JSON.parse(readFileSync(file('r.json'), 'utf8'));
      assert.equal(loss.segments_incomplete, 1);
      assert.ok(loss.gaps_share >= 0.42 && loss.gaps_share < 0.44, JSON.stringify(loss));
      const reasons = new Map(
        fidelity.reasons.map(({ code, observed }: { code: string; observed: number }) => [code, observed]),
      );
      assert.equal(reasons.get('capture_gaps'), loss.gaps_share);
      assert.equal(reasons.get('capture_loss'), 1);
      const verified = await run(['verify', file('r.log'), file('r.json'), '--trace', file('f.trace.zst')]);
      assert.deepEqual([verified.code, verified.stderr], [0, ''], verified.stdout);
    });
  });

  it('is no reason to write a file that nobody can read, whatever the window', async () => {
    await withFolder(async (folder) => {
      await writeOpLog(folder, [{ blocks: [[makeRecord(0), makeRecord(SECOND)]], closedNs: 2 * SECOND }]);
      const output = join(folder, 'w.bin');
      const windows = [
        ['--start', '2025-01-01'],
        ['--end', '9999-12-31T23:59:59Z'],
        ['--start', '0001-01-01', '--end', '9999-12-31'],
      ];
      for (const window of windows) {
        const to = ['--source', folder, '--output', output, '--force'];
        const { code, stderr } = await run(['export', ...to, ...window]);
        assert.equal(code, 0, stderr);
        assert.match(stderr, /wider than a trace can tell \(104 days\)/);
        for (const command of ['inspect', 'cat'])
          assert.equal((await run([command, output])).code, 0, command);
        const filtered = await run([
          'filter',
          output,
          '--from',
          '2025-11-21T14:00:01Z',
          '--format',
          'ndjson',
        ]);
        assert.match(filtered.stderr, /kept 1 of/);
      }
      const refused = await run([
        'export',
        '--source',
        folder,
        '--output',
        output,
        '--start',
        '2025-01-01T00:00+99:99',
      ]);
      assert.deepEqual([refused.code, refused.stdout], [2, '']);
      assert.match(refused.stderr, /--start: .*there is no zone 99:99/);
    });
  });

  it('is an error where an epoch is beyond what a trace can hold', async () => {
    await withFolder(async (folder) => {
      const line = `{"header":{"epoch_unix_ns":"${EPOCH * 1000n}"}}\n{"start_ns":0,"path":"/"}\n`;
      const { code, stderr } = await run(['convert', '-', join(folder, 'o.trace.zst')], Buffer.from(line));
      assert.equal(code, 1);
      assert.match(stderr, /header\.epoch_unix_ns is no 64-bit integer/);
    });
  });
});

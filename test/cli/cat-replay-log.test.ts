import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LOG_FORMAT_VERSION } from '../../src/replay-log/log-columns.ts';
import { compressFrame } from '../../src/trace/frames/zstd.ts';
import { blocksOf, framesOf, logBytes, makeOperation } from '../replay-log/support.ts';
import { makeRecord, outcome } from '../results/support.ts';
import { withFolder } from '../support/folders.ts';
import { streamWith } from '../support/stream-transport.ts';
import { runCli } from './run-cli.ts';

const TALK = makeRecord({ protocol: 'grpc', op: 'chat', stream: streamWith([0, 1000], [500, 700]) });
const TIMES = { timeScale: 2, sentNs: Float64Array.of(1e9), receivedNs: new Float64Array(0), untimed: 1 };

/** Three blocks: one that was answered, one that failed and one that was never sent, and a stream. */
async function threeBlocks(): Promise<Buffer> {
  const refused = outcome({ status: undefined, ok: false, failure: 'timeout' });
  const unsent = { sentNs: undefined, firstAnswerNs: undefined, doneNs: undefined, outcome: undefined };
  const { bytes } = await logBytes(
    blocksOf(
      [
        [makeOperation(1), 'ok'],
        [makeOperation(2, { outcome: refused, firstAnswerNs: undefined }), 'error'],
        [makeOperation(3, unsent as never), 'shed'],
        [makeOperation(4, { record: TALK, outcome: outcome({ status: 0, stream: TIMES }) }), 'ok'],
      ],
      2,
    ),
  );
  return bytes;
}

// biome-ignore lint/suspicious/noExplicitAny: lines of any form
const linesOf = (text: string): any[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('cat of a replay log', () => {
  it('prints a line an operation, from a file and from a pipe alike', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'monday.replay.zst');
      const bytes = await threeBlocks();
      await writeFile(path, bytes);
      const { code, stdout, stderr } = await runCli(['cat', path]);
      assert.deepEqual([code, stderr], [0, '']);
      const [header, first, failed, unsent, stream, end, ...more] = linesOf(stdout);
      assert.deepEqual(more, []);
      assert.deepEqual(
        [header.header.replay_log, header.header.trace],
        [LOG_FORMAT_VERSION, 'prod.trace.zst'],
      );
      assert.deepEqual(end, { end: { anchor_ns: 1e9, blocks: 2, entries: 4, entries_lost: 0 } });
      const { op, session, protocol, disposition, failure, status, recorded } = first;
      assert.deepEqual([op, session, protocol], ['recall', 's1', 'http']);
      assert.deepEqual([disposition, failure, status], ['ok', null, 200]);
      assert.deepEqual(recorded, { start_ns: 1e6, duration_ns: 500, status: null });
      const { due_ns: due, sent_ns: sent, first_answer_ns: answered, done_ns: done } = first;
      assert.deepEqual([due, sent, answered, done], [1.001e9, 1.001001e9, 1.001002e9, 1.001003e9]);
      assert.deepEqual([first.send_error_ns, first.response_ns, first.service_ns], [1000, 3000, 2000]);
      assert.deepEqual([failed.failure, failed.status, failed.first_answer_ns], ['timeout', null, null]);
      assert.deepEqual([unsent.disposition, unsent.sent_ns, unsent.response_ns], ['shed', null, null]);
      assert.deepEqual(stream.stream, {
        time_scale: 2,
        planned_ns: [0, 1000],
        sent_ns: [1e9],
        recorded_ns: [500, 700],
        received_ns: [],
        untimed: 1,
      });
      const piped = await runCli(['cat', '-'], { input: bytes });
      assert.deepEqual([piped.code, piped.stdout], [0, stdout]);
      const two = await runCli(['cat', path, '--no-header', '--limit', '2']);
      assert.deepEqual(linesOf(two.stdout), [first, failed]);
    });
  });

  it('prints what is whole of a damaged one, says what is wrong, and ends with 1', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'cut.replay.zst');
      const frames = framesOf(await threeBlocks());
      await writeFile(path, Buffer.concat([frames[0], frames[2]] as Buffer[]));
      const { code, stdout, stderr } = await runCli(['cat', path, '--no-header']);
      assert.deepEqual(
        linesOf(stdout).map(({ number }) => number),
        [3, 4],
      );
      assert.equal(code, 1);
      assert.match(stderr, /does not follow the frame before it/);
      assert.match(stderr, /it has no end/);
      assert.equal((await runCli(['cat', path, '--skip-damaged'])).code, 0);
    });
  });

  it('is what other commands point to, and takes no times of a trace', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'monday.replay.zst');
      await writeFile(path, await threeBlocks());
      for (const args of [['inspect'], ['replay', '--dry-run']]) {
        const { code, stderr } = await runCli([...args, path]);
        assert.equal(code, 1, args[0]);
        assert.match(stderr, /it is a replay log\n {2}engram-trace cat prints it/, args[0]);
      }
      const { code, stderr } = await runCli(['cat', path, '--from', '1']);
      assert.equal(code, 2);
      assert.match(stderr, /--from and --to are for traces/);
    });
  });

  it('leaves traces that come through a pipe as they were', async () => {
    const line = '{"start_ns":5,"op":"recall","path":"/"}\n';
    for (const input of [line, compressFrame(Buffer.from(line))]) {
      const { code, stdout } = await runCli(['cat', '-', '--no-header'], { input });
      assert.deepEqual([code, linesOf(stdout)[0].start_ns], [0, 5]);
    }
  });
});

import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { refuseSegment } from '../../../src/cli/output/refuse-segment.ts';
import { withFolder } from '../../support/folders.ts';
import { runCli } from '../run-cli.ts';

test('an export never becomes a segment of its own op log, whatever names lead there', async () => {
  await withFolder(async (folder) => {
    const oplog = join(folder, 'oplog');
    await mkdir(oplog);
    const segment = join(oplog, 'oplog-20251121T140000000Z-a-000001.trace.zst');
    await symlink(segment, join(folder, 'latest.trace.zst'));
    await symlink('oplog', join(folder, 'same'));
    const names = [segment, join(folder, 'latest.trace.zst'), join(folder, 'same', 'oplog-x.trace.zst')];
    for (const name of names) assert.throws(() => refuseSegment(oplog, name), { code: 'usage', where: name });
    for (const name of ['-', join(oplog, 'mine.trace.zst'), join(folder, 'oplog-x.trace.zst')])
      assert.doesNotThrow(() => refuseSegment(oplog, name));
    const { code, stderr } = await runCli(['export', '--source', oplog, '-o', segment, '--force']);
    assert.equal(code, 2);
    assert.match(stderr, /would be one of the segments/);
  });
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDevServer, openOpLog, startCapture } from '../../src/index.ts';
import { newFolder } from '../support/folders.ts';

test('a dev-server and a capture in front of it need an address and a folder', async () => {
  const server = await createDevServer();
  const oplogDirectory = join(newFolder(), 'oplog');
  try {
    const capture = await startCapture({ http: `:${server.httpPort}`, oplogDirectory });
    const answer = await fetch(`http://127.0.0.1:${capture.httpPort}/health`);
    assert.equal(answer.status, 200);
    await answer.text();
    const summary = await capture.close();
    assert.equal(summary.records, 1);
    assert.equal(summary.closedProperly, true);
    const log = await openOpLog(oplogDirectory);
    const [segment] = log.segments;
    await log.close();
    assert.match(segment?.header.runId ?? '', /^[0-9a-f]{8}$/);
    assert.match(segment?.header.tool ?? '', /^engram-trace /);
    assert.equal(segment?.header.dialect, 'engram');
  } finally {
    await server.close();
  }
});

test('what is no address is refused before anything listens', async () => {
  await assert.rejects(startCapture({ http: 'nowhere' }), {
    code: 'usage',
    message: '"nowhere" is no address',
  });
  await assert.rejects(startCapture({ grpc: { upstream: ':0' } }), {
    code: 'usage',
    message: 'the upstream 127.0.0.1:0 needs a port',
  });
  await assert.rejects(startCapture({}), { code: 'usage', message: 'nothing to capture' });
});

import assert from 'node:assert/strict';
import { mkdir, rename, rm, truncate } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { CaptureSummary } from '../../src/capture/capture.ts';
import { newFolder } from '../support/folders.ts';
import { childrenOf, whenGone } from './process-tree.ts';
import { readUntold } from './read-untold.ts';
import { type Running, startCommand } from './start-command.ts';
import { inTime, LOOPBACK, loggingServer, readOpLog, segmentsIn, talk, whenLogged } from './support.ts';

interface Recording {
  running: Running;
  folder: string;
  diskPid: number;
  /** Sends that many requests; each must be answered. */
  send: (name: string, count: number) => Promise<void>;
  /** Ends it by SIGTERM. */
  stop: () => Promise<{ code: number | string | undefined; summary: CaptureSummary }>;
}

/** The command, its op log holding 3 records. */
async function record(t: TestContext, diskWait = '60s'): Promise<Recording> {
  const { port: upstream } = await loggingServer(t);
  const folder = join(newFolder(), 'oplog');
  const listen = ['--http-listen', '0', '--http-upstream', `${upstream}`];
  const running = await startCommand(t, ['--oplog', folder, ...listen, '--disk-wait', diskWait]);
  const send = async (name: string, count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const request = `GET /${name}/${i} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      assert.match((await talk(running.port, request)).text, /200 OK/);
    }
  };
  await send('before', 3);
  await whenLogged(folder, ({ records }) => records.length === 3);
  const [diskPid] = await childrenOf(running.child.pid as number);
  t.after(() => signal(diskPid as number, 'SIGKILL'));
  const stop: Recording['stop'] = async () => {
    running.child.kill('SIGTERM');
    const code = await inTime(running.exited, 60_000);
    return { code, summary: JSON.parse(running.stdout().split('\n')[1] ?? '{}') };
  };
  return { running, folder, diskPid: diskPid as number, send, stop };
}

/** Of the runs that left a file of untold losses: whether they ended in order. */
async function endings(folder: string): Promise<boolean[]> {
  return (await readUntold(folder)).map(({ isEnded }) => isEnded);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone.
  }
}

async function assertFree(port: number): Promise<void> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, resolve);
  });
  server.close();
}

const noProc = process.platform !== 'linux' && 'needs /proc';

describe('engram-trace capture and its disk', { skip: noProc, concurrency: 2 }, () => {
  it('ends at the first SIGTERM though the disk hangs, and says what it lost', async (t) => {
    const { running, folder, diskPid, send, stop } = await record(t, '1s');
    signal(diskPid, 'SIGSTOP'); // no call to the disk returns
    await send('hung', 20);
    const { code, summary } = await stop();
    assert.equal(code, 1);
    assert.equal(summary.closedProperly, false);
    assert.equal(summary.records, 23);
    assert.equal(summary.recordsDropped, 20);
    assert.equal(summary.untoldLoss.recordsDropped, 20);
    await assertFree(running.port);
    await whenGone(diskPid);
    assert.equal((await readOpLog(folder)).records.length, 3);
    assert.deepEqual(await endings(folder), [false], 'whoever reads the log sees that more may be missing');
  });

  it('goes on without a loss when the disk answers again', async (t) => {
    const { folder, diskPid, send, stop } = await record(t);
    signal(diskPid, 'SIGSTOP');
    await send('hung', 20);
    signal(diskPid, 'SIGCONT');
    const { code, summary } = await stop();
    assert.notEqual(code, 1);
    assert.equal(summary.closedProperly, true);
    assert.equal(summary.recordsDropped, 0);
    assert.equal((await readOpLog(folder)).records.length, 23);
    assert.deepEqual(await endings(folder), []);
  });

  const tampering: Record<string, (folder: string) => Promise<unknown>> = {
    removed: (folder) => rm(folder, { recursive: true }),
    moved: (folder) => rename(folder, `${folder}.old`),
    replaced: async (folder) => {
      await rename(folder, `${folder}.old`);
      await mkdir(folder);
    },
  };
  for (const [name, tamper] of Object.entries(tampering)) {
    it(`records into a new folder when its own was ${name}, and tells what is gone`, async (t) => {
      const { folder, send, stop } = await record(t);
      await tamper(folder);
      await send('after', 5);
      await whenLogged(folder, ({ records, loss }) => records.length === 5 && loss.recordsDropped === 3);
      const { code, summary } = await stop();
      assert.notEqual(code, 1);
      assert.deepEqual(
        [summary.closedProperly, summary.records, summary.recordsDropped, summary.segmentsVanished],
        [true, 8, 3, 1],
      );
    });
  }

  it('goes on in another file when somebody empties its segment, and tells what is gone', async (t) => {
    const { folder, send, stop } = await record(t);
    const [name] = await segmentsIn(folder);
    await truncate(join(folder, name as string), 0);
    await send('after', 5);
    const { summary } = await stop();
    assert.deepEqual([summary.closedProperly, summary.recordsDropped], [true, 3]);
    await rm(join(folder, name as string));
    const { records, loss } = await readOpLog(folder);
    assert.deepEqual([records.length, loss.recordsDropped], [5, 3]);
  });

  it('starts another disk process for one that was killed, and loses nothing that was written', async (t) => {
    const { folder, diskPid, send, stop } = await record(t);
    signal(diskPid, 'SIGKILL');
    await send('after', 5);
    const { summary } = await stop();
    const { records, loss } = await readOpLog(folder);
    assert.equal(records.length + loss.recordsDropped, 8);
    assert.equal(summary.recordsDropped, loss.recordsDropped);
    assert.ok(records.length >= 3);
    assert.equal((await segmentsIn(folder)).length, 2);
  });

  it('leaves whole blocks without a hole and no process behind when it is killed', async (t) => {
    for (let round = 0; round < 2; round++) {
      const { running, folder, diskPid, send } = await record(t);
      const sending = send('x', 1_000).catch(() => {});
      await whenLogged(folder, ({ records }) => records.length > 3);
      running.child.kill('SIGKILL');
      await sending;
      await whenGone(diskPid);
      const { records } = await readOpLog(folder);
      const expected = records.map((_, i) => (i < 3 ? `/before/${i}` : `/x/${i - 3}`));
      assert.deepEqual(
        records.map(({ path }) => path),
        expected,
      );
      assert.deepEqual(await endings(folder), [false]);
    }
  });
});

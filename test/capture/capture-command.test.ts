import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runCli } from '../cli/run-cli.ts';
import { newFolder } from '../support/folders.ts';
import { insist } from '../support/insist.ts';
import { missing } from '../support/missing.ts';
import { startCommand } from './start-command.ts';
import { inTime, loggingServer, readOpLog, refused, run, talk, until, whenLogged } from './support.ts';

const canMount = await run('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt']).catch(() => undefined);
const noMount = canMount === undefined && 'no right to mount a small file system here';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

describe('engram-trace capture', () => {
  it('obeys the flags of redaction, and closes its segment on SIGTERM', async (t) => {
    const { port: upstream } = await loggingServer(t);
    const folder = newFolder();
    const running = await startCommand(t, [
      ...['--oplog', folder, '--http-listen', '0', '--http-upstream', String(upstream), '--redact-bodies'],
      ...['--keep-header', 'x-session-*', '--redact-header', 'x-my-*', '--keep-query', 'session_id'],
      ...['--redact-query', 'mine*'],
    ]);
    const body = '{"mine2":"gone","password":"gone","session_id":"stays"}';
    const head = `POST /a;sid=gone?session_id=stays&mine1=gone HTTP/1.1\r\nHost: x\r\nX-Session-Id: stays\r\nX-My-Id: gone\r\n`;
    await talk(running.port, `${head}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    running.child.kill('SIGTERM');
    assert.equal(await running.exited, 0);
    const { records, headers } = await readOpLog(folder);
    assert.equal(records.length, 1);
    assert.match(headers[0]?.tool ?? '', /^engram-trace /);
    if (!missing('zstd')) await run('zstd', ['-t', join(folder, (await readdir(folder))[0] as string)]);
    const [record] = records;
    assert.equal(record?.path, '/a;sid=[redacted]?session_id=stays&mine1=[redacted]');
    assert.equal(
      Buffer.from(record.body).toString(),
      '{"mine2":"[redacted]","password":"[redacted]","session_id":"stays"}',
    );
    assert.deepEqual(record.headers.slice(2, 6), ['X-Session-Id', 'stays', 'X-My-Id', '[redacted]']);
  });

  it('leaves at once on a second signal', async (t) => {
    const held = await loggingServer(t, () => {});
    const folder = newFolder();
    const running = await startCommand(t, [
      '--oplog',
      folder,
      '--http-listen',
      '0',
      '--http-upstream',
      String(held.port),
      '--grace',
      '1h',
    ]);
    const talking = talk(running.port, get('/hangs'));
    await until(() => held.arrivals.length === 1, 'the request is in flight');
    running.child.kill('SIGTERM');
    // Two of a kind that wait together are one to the program.
    await refused(running.port);
    void insist(running.child, 'SIGTERM');
    assert.equal(await inTime(running.exited), 143);
    await talking;
  });

  it('loses at most its last second when it is killed', async (t) => {
    const { port: upstream } = await loggingServer(t);
    const folder = newFolder();
    const running = await startCommand(t, [
      '--oplog',
      folder,
      '--http-listen',
      '0',
      '--http-upstream',
      String(upstream),
    ]);
    for (let i = 0; i < 50; i++) await talk(running.port, get(`/early/${i}`));
    await whenLogged(folder, ({ records }) => records.length === 50);
    for (let i = 0; i < 5; i++) await talk(running.port, get(`/late/${i}`));
    running.child.kill('SIGKILL');
    assert.equal(await running.exited, 'SIGKILL');
    const paths = (await readOpLog(folder)).records.map(({ path }) => path);
    assert.equal(paths.filter((path) => path.startsWith('/early/')).length, 50);
  });

  it('keeps the traffic going when the disk is full, and the log says what is missing', {
    skip: noMount,
  }, async (t) => {
    const { port: upstream, arrivals } = await loggingServer(t);
    const folder = newFolder();
    // A file system of 64 KiB that only the command sees; /proc shows it to us.
    const mounted = [
      'unshare',
      '-m',
      'sh',
      '-c',
      `mount -t tmpfs -o size=64k none ${folder} && exec "$@"`,
      'sh',
    ];
    const args = ['--oplog', folder, '--http-listen', '0', '--http-upstream', String(upstream)];
    const running = await startCommand(t, args, mounted);
    const seen = `/proc/${running.child.pid}/root${folder}`;
    const count = 80;
    for (let i = 0; i < count; i++) {
      const target = `/${i}?${randomBytes(3_000).toString('hex')}`; // 3 KB each, however they are compressed
      assert.match((await talk(running.port, get(target))).text, /200 OK/);
    }
    const log = await whenLogged(seen, ({ records, loss }) => records.length + loss.recordsDropped === count);
    assert.ok(log.loss.recordsDropped > 0, 'not all of it fits');
    assert.match((await talk(running.port, get('/after'))).text, /200 OK/);
    await whenLogged(seen, ({ records }) => records.at(-1)?.path === '/after');
    assert.equal(arrivals.length, count + 1);
    running.child.kill('SIGTERM');
    assert.equal(await running.exited, 0);
    assert.match(running.stdout(), /ENOSPC/);
  });

  it('tells what is wrong with its flags', async () => {
    const folder = newFolder();
    const cases: [string[], RegExp][] = [
      [['--oplog', folder], /nothing to capture/],
      [['--oplog', folder, '--http-listen', '0'], /--http-upstream is missing/],
      [['--oplog', folder, '--grpc-upstream', '1'], /--grpc-listen is missing/],
      [['--oplog', folder, '--http-listen', '0', '--http-upstream', 'a b'], /"a b" is no address/],
      [['--oplog', folder, '--http-listen', '0', '--http-upstream', 'x:70000'], /no address/],
      [['--oplog', folder, '--http-listen', '0', '--http-upstream', '1', '--dialect', 'x'], /dialect/],
      [['--oplog', folder, '--http-listen', '0', '--http-upstream', '1', '--tls-cert', 'x'], /--tls-key/],
      [['--oplog', folder, '--http-listen', '0', '--http-upstream', '1', '--upstream-ca', '/none'], /\/none/],
    ];
    for (const [args, expected] of cases) {
      const { code, stderr } = await runCli(['capture', ...args]);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, / at .*\.js/, 'no stack trace');
    }
  });
});

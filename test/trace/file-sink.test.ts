import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { createFileSink, createStreamSink } from '../../src/trace/file-sink.ts';
import { withFolder } from './support.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

test('a file appears when it is whole, readable by its owner only', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'out');
    const sink = await createFileSink(path);
    await sink.write(bytes('abc'));
    assert.equal(existsSync(path), false);
    await sink.write(bytes('def'));
    await sink.close();
    assert.equal(await readFile(path, 'utf8'), 'abcdef');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(sink.bytesWritten, 6);
    assert.deepEqual(await readdir(folder), ['out']);
    await sink.abort();
    assert.ok(existsSync(path));
  });
});

test('a file that exists stays as it is, unless forced', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'out');
    await writeFile(path, 'old');
    await assert.rejects(createFileSink(path), { code: 'usage', where: path, hint: /--force/ });
    const given = await createFileSink(path, { force: true });
    await given.write(bytes('new'));
    await given.abort();
    assert.equal(await readFile(path, 'utf8'), 'old');
    const sink = await createFileSink(path, { force: true });
    await sink.write(bytes('new'));
    await sink.close();
    assert.equal(await readFile(path, 'utf8'), 'new');
    assert.deepEqual(await readdir(folder), ['out']);
  });
});

test('places that can not be written are named', async () => {
  await withFolder(async (folder) => {
    await assert.rejects(createFileSink(folder), { code: 'usage', message: /directory/ });
    const missing = join(folder, 'no', 'out');
    await assert.rejects(createFileSink(missing), {
      code: 'io',
      where: missing,
      message: 'its folder does not exist',
      hint: `make ${join(folder, 'no')} first, or name another output`,
    });
    await writeFile(join(folder, 'file'), '');
    await assert.rejects(createFileSink(join(folder, 'file', 'out')), {
      code: 'io',
      message: /folder is none/,
    });
    await unlink(join(folder, 'file'));
    const long = join(folder, 'x'.repeat(300));
    await assert.rejects(
      createFileSink(long),
      (error: Error) => error.message.includes(long) && !error.message.includes('.tmp'),
    );
    const sink = await createFileSink(join(folder, 'taken'));
    await mkdir(join(folder, 'taken'));
    await assert.rejects(sink.close(), { code: 'io', message: /what was written is in .*taken\.1$/ });
    assert.deepEqual(await readdir(folder), ['taken', 'taken.1']);
    await chmod(folder, 0o700);
  });
});

test('a full disk is an error with a word on it', {
  skip: existsSync('/dev/full') ? false : 'no /dev/full',
}, async () => {
  const sink = await createFileSink('/dev/full');
  await assert.rejects(sink.write(bytes('x')), { code: 'io', hint: /disk is full/ });
  await sink.abort();
  assert.ok(existsSync('/dev/full'));
});

test('a stream is waited for', async () => {
  const done: (() => void)[] = [];
  const slow = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, callback) => void done.push(callback),
  });
  const sink = createStreamSink(slow);
  let resolved = false;
  const writing = sink.write(bytes('x')).then(() => {
    resolved = true;
  });
  await new Promise(setImmediate);
  assert.equal(resolved, false);
  done[0]?.();
  await writing;
  assert.equal(resolved, true);
});

test('a reader that goes away is no error; everything else is', async () => {
  const failing = (code: string) =>
    new Writable({
      write: (_chunk, _encoding, callback) => callback(Object.assign(new Error(code), { code })),
    });
  const gone = createStreamSink(failing('EPIPE'));
  await gone.write(bytes('x'));
  await new Promise(setImmediate);
  assert.equal(gone.gone, true);
  await gone.write(bytes('y'));
  await gone.close();
  const full = createStreamSink(failing('ENOSPC'));
  await full.write(bytes('x')).catch(() => {});
  await new Promise(setImmediate);
  await assert.rejects(full.write(bytes('y')), { code: 'io', hint: /disk is full/ });
});

test('a stream is ended only when asked', async () => {
  const keep = new Writable({ write: (_c, _e, callback) => callback() });
  await createStreamSink(keep).close();
  assert.equal(keep.writableEnded, false);
  const end = new Writable({ write: (_c, _e, callback) => callback() });
  await createStreamSink(end, { end: true }).close();
  assert.equal(end.writableFinished, true);
});

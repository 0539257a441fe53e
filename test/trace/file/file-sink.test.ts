import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { createFileSink, createStreamSink } from '../../../src/trace/file/file-sink.ts';
import { withFolder } from '../../support/folders.ts';

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

test('folders that are missing are made, and go with an output that is given up', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'a', 'b', 'out');
    const given = await createFileSink(path);
    await given.write(bytes('x'));
    await given.abort();
    assert.deepEqual(await readdir(folder), []);
    const [one, other] = await Promise.all([
      createFileSink(path),
      createFileSink(join(folder, 'a', 'b', 'c', 'out')),
    ]);
    await one.write(bytes('x'));
    await one.close();
    await other.abort();
    assert.deepEqual(await readdir(join(folder, 'a', 'b')), ['out']);
  });
});

test('an output whose file or folder was removed meanwhile is not said to be anywhere', async () => {
  await withFolder(async (folder) => {
    for (const force of [false, true]) {
      const path = join(folder, 'gone', 'out');
      const sink = await createFileSink(path, { force });
      await sink.write(bytes('x'));
      await rm(join(folder, 'gone'), { recursive: true });
      await assert.rejects(sink.close(), {
        code: 'io',
        where: path,
        message: /removed or renamed meanwhile$/,
      });
      assert.equal(sink.keptIn, undefined);
      const part = await createFileSink(path, { force });
      await part.write(bytes('x'));
      await rm(join(folder, 'gone'), { recursive: true });
      assert.equal(await part.keep(), undefined);
    }
  });
});

test('places that can not be written are named', async () => {
  await withFolder(async (folder) => {
    await assert.rejects(createFileSink(folder), { code: 'usage', message: /directory/ });
    await assert.rejects(createFileSink('/proc/no/such/out'), {
      code: 'io',
      where: '/proc/no/such/out',
      message: 'its folder cannot be made',
      hint: 'make /proc/no/such first, or name another output',
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

const noLinks = {
  link: async () => {
    throw Object.assign(new Error('no hard links here'), { code: 'EPERM' });
  },
};

for (const [where, calls] of [
  ['', undefined],
  [', where there are no hard links', noLinks],
] as const) {
  test(`a file that came to be in the meantime is not replaced${where}`, async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'out');
      const sinks = [];
      for (let i = 0; i < 3; i++) sinks.push(await createFileSink(path, { calls }));
      for (const [i, sink] of sinks.entries()) await sink.write(bytes(`run ${i}`));
      await sinks[0]?.close();
      await assert.rejects(sinks[1]?.close() ?? Promise.resolve(), {
        code: 'io',
        message: /is in .*out\.1$/,
      });
      await assert.rejects(sinks[2]?.close() ?? Promise.resolve(), {
        code: 'io',
        message: /is in .*out\.2$/,
      });
      assert.equal(sinks[2]?.keptIn, `${path}.2`);
      for (const [i, name] of ['out', 'out.1', 'out.2'].entries()) {
        assert.equal(await readFile(join(folder, name), 'utf8'), `run ${i}`);
      }
      assert.deepEqual((await readdir(folder)).sort(), ['out', 'out.1', 'out.2']);
    });
  });
}

test('what is kept of a file that is not whole replaces nothing', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'out');
    await writeFile(path, 'old');
    const nothing = await createFileSink(path, { force: true });
    assert.equal(await nothing.keep(), undefined);
    const part = await createFileSink(path, { force: true });
    await part.write(bytes('part'));
    assert.equal(await part.keep(), `${path}.1`);
    await part.close();
    const fresh = await createFileSink(join(folder, 'fresh'));
    await fresh.write(bytes('x'));
    assert.equal(await fresh.keep(), join(folder, 'fresh'));
    assert.equal(await readFile(path, 'utf8'), 'old');
    assert.deepEqual((await readdir(folder)).sort(), ['fresh', 'out', 'out.1']);
  });
});

test('a forced file keeps the mode of the one it replaces, and replaces files only', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'out');
    await writeFile(path, 'old');
    await chmod(path, 0o664);
    const sink = await createFileSink(path, { force: true });
    await sink.write(bytes('new'));
    await sink.close();
    assert.equal((await stat(path)).mode & 0o777, 0o664);
    const late = await createFileSink(path, { force: true });
    await unlink(path);
    await symlink('elsewhere', path);
    await assert.rejects(late.close(), { code: 'io', message: /is in .*out\.1$/ });
  });
});

test('links that go round lead to no place', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'a');
    await symlink('b', path);
    await symlink('a', join(folder, 'b'));
    await assert.rejects(createFileSink(path), { code: 'usage', message: /no place/ });
  });
});

test('a name as long as the file system takes is no problem', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'n'.repeat(255));
    const sink = await createFileSink(path);
    await sink.close();
    assert.deepEqual(await readdir(folder), ['n'.repeat(255)]);
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

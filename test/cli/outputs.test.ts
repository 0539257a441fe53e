import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFolder } from '../support/folders.ts';
import { startServer } from './replay-support.ts';
import { type CliResult, cleanEnv, MAIN, runCli } from './run-cli.ts';

const ONE = '{"start_ns":0,"path":"/a"}\n';
const args = (trace: string, url: string) => ['replay', '--trace', trace, '--endpoint', url, '--quiet'];

/** Runs a shell line in which `engram-trace` is the built program. */
async function shell(line: string, env: Record<string, string> = {}): Promise<CliResult> {
  const program = `engram-trace() { '${process.execPath}' '${MAIN}' "$@"; }; ${line}`;
  const child = spawn('bash', ['-c', program], { env: cleanEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  const stdoutBytes = Buffer.concat(stdout);
  return { code, stdoutBytes, stdout: stdoutBytes.toString(), stderr: Buffer.concat(stderr).toString() };
}

test('a results file that came to be during the replay stays, and the results are beside it', async () => {
  await withFolder(async (folder) => {
    const [trace, output] = [join(folder, 'one.ndjson'), join(folder, 'r.json')];
    await writeFile(trace, ONE);
    const server = await startServer((_request, response) => {
      // While it runs, for sure: the operation is on its way.
      void writeFile(output, 'precious').then(() => response.end('ok'));
    });
    try {
      const { code, stderr } = await runCli([...args(trace, server.url), '-o', output]);
      assert.equal(code, 1);
      assert.match(stderr, /r\.json: something came to be there .*; what was written is in .*r\.json\.1\n/);
      assert.equal(await readFile(output, 'utf8'), 'precious');
      assert.equal(JSON.parse(await readFile(`${output}.1`, 'utf8')).operations.total, 1);
      assert.deepEqual((await readdir(folder)).sort(), ['one.ndjson', 'r.json', 'r.json.1']);
    } finally {
      await server.close();
    }
  });
});

test('the results outlive the folder that was to hold them and their log', async () => {
  await withFolder(async (folder) => {
    const [trace, out, second] = ['one.ndjson', 'out', 'second'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(trace, ONE);
    await mkdir(second);
    const server = await startServer((_request, response) => {
      void rm(out, { recursive: true }).then(() => response.end('ok'));
    });
    try {
      const outputs = ['-o', join(out, 'r.json'), '--replay-log', join(out, 'r.log')];
      const env = { TMPDIR: second };
      const { code, stderr } = await runCli([...args(trace, server.url), ...outputs], { env, fresh: true });
      assert.equal(code, 1);
      assert.match(stderr, /r\.json: .*removed or renamed meanwhile; what was measured is in .*second/);
      assert.match(stderr, /r\.log: .*removed or renamed meanwhile/);
      const [found = ''] = await readdir(second);
      assert.equal(JSON.parse(await readFile(join(second, found), 'utf8')).operations.total, 1);
    } finally {
      await server.close();
    }
  });
});

test('an output that is a link is written where it leads', async () => {
  await withFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await writeFile(at('one.ndjson'), ONE);
    await writeFile(at('real.ndjson'), 'old', { mode: 0o640 });
    await symlink('real.ndjson', at('latest.ndjson'));
    await symlink('new.ndjson', at('dangling.ndjson'));
    const refused = await runCli(['convert', at('one.ndjson'), at('latest.ndjson')]);
    assert.equal(refused.code, 2);
    assert.equal((await runCli(['convert', at('one.ndjson'), at('latest.ndjson'), '--force'])).code, 0);
    assert.equal((await runCli(['filter', at('one.ndjson'), '-o', at('dangling.ndjson')])).code, 0);
    for (const [link, real] of [
      ['latest', 'real'],
      ['dangling', 'new'],
    ]) {
      assert.ok((await lstat(at(`${link}.ndjson`))).isSymbolicLink());
      assert.match(await readFile(at(`${real}.ndjson`), 'utf8'), /"path":"\/a"/);
    }
    assert.equal((await lstat(at('real.ndjson'))).mode & 0o777, 0o640);
  });
});

test('pipes, devices and open files are written to and stay what they are', async () => {
  await withFolder(async (folder) => {
    const trace = join(folder, 'one.ndjson');
    await writeFile(trace, ONE);
    const convert = `engram-trace convert '${trace}' --format ndjson --quiet`;
    const [fifo, log] = [join(folder, 'fifo'), join(folder, 'log')];
    execFileSync('mkfifo', [fifo]);
    const piped = await shell(`${convert} '${fifo}' & cat '${fifo}'; wait $!`);
    assert.match(piped.stdout, /"path":"\/a"/);
    assert.ok((await lstat(fifo)).isFIFO());
    assert.match((await shell(`${convert} /dev/stdout`)).stdout, /"path":"\/a"/);
    assert.match((await shell(`${convert} >(cat) --force | cat`)).stdout, /"path":"\/a"/);
    assert.equal((await shell(`${convert} /dev/null`)).code, 0);
    const appended = await shell(
      `echo first > '${log}'; ${convert} /dev/fd/3 3>> '${log}'; ${convert} /dev/stdout >> '${log}'`,
    );
    assert.equal(appended.code, 0, appended.stderr);
    const text = await readFile(log, 'utf8');
    assert.match(text, /^first\n/);
    assert.equal(text.split('"path":"/a"').length, 3);
  });
});

test('a folder, a socket and a name of no file are wrong usage', async () => {
  await withFolder(async (folder) => {
    const trace = join(folder, 'one.ndjson');
    await writeFile(trace, ONE);
    const socket = join(folder, 'socket');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    try {
      for (const output of [folder, join(folder, 'new/'), socket, '']) {
        const { code, stderr } = await runCli(['convert', trace, output, '--force']);
        assert.equal(code, 2, `${output}: ${stderr}`);
      }
      for (const command of [['inspect'], ['cat'], ['replay', '--dry-run', '--trace']]) {
        const { code, stderr } = await runCli([...command, socket]);
        assert.equal(code, 1);
        assert.match(stderr, /^engram-trace: .*: it is a socket[^\n]*\n$/);
      }
      for (const command of [
        ['repair', socket, '-o', join(folder, 'x')],
        ['verify', socket, socket],
      ]) {
        const { code, stderr } = await runCli(command);
        assert.ok(code === 1 || code === 2, stderr);
        assert.equal(stderr.split('\n').length, 2, stderr);
      }
    } finally {
      server.close();
    }
  });
});

test('where no file can be written the results are printed, and the exit code is 1', async () => {
  await withFolder(async (folder) => {
    const [trace, output] = [join(folder, 'one.ndjson'), join(folder, 'r.json')];
    await writeFile(trace, ONE);
    await writeFile(output, 'old');
    const server = await startServer((_request, response) => response.end('ok'));
    try {
      const command = `${args(trace, server.url).join(' ')} -o '${output}' --force`;
      // So small that the temporary folder does not take them either.
      const { code, stdout, stderr } = await shell(`ulimit -f 1; engram-trace ${command}`);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /r\.json: .*EFBIG.*; what was measured is on stdout/);
      assert.equal(JSON.parse(stdout).operations.total, 1);
      assert.equal(await readFile(output, 'utf8'), 'old');
      assert.deepEqual((await readdir(folder)).sort(), ['one.ndjson', 'r.json']);
      const full = await shell(`engram-trace ${args(trace, server.url).join(' ')} -o /dev/full`);
      assert.equal(full.code, 1);
      const [, second = ''] = /what was measured is in (\S+)/.exec(full.stderr) ?? [];
      assert.equal(JSON.parse(await readFile(second, 'utf8')).operations.total, 1);
      await rm(second);
    } finally {
      await server.close();
    }
  });
});

test('a log that the disk does not take replaces no whole one, and the results are written', async () => {
  await withFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await writeFile(
      at('t.ndjson'),
      Array.from({ length: 300 }, (_, i) => `{"start_ns":${i},"path":"/${i}"}`).join('\n'),
    );
    await writeFile(at('log'), 'a whole old log');
    const server = await startServer((_request, response) => response.end('ok'));
    try {
      const command = [
        ...args(at('t.ndjson'), server.url),
        '--loop',
        '16',
        '--timing',
        'asap',
        '--force',
      ].join(' ');
      const run = `engram-trace ${command} -o '${at('r.json')}' --replay-log '${at('log')}'`;
      const { code, stderr } = await shell(`ulimit -f 40; ${run}`);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /the replay log is not whole: .*EFBIG/);
      assert.equal(await readFile(at('log'), 'utf8'), 'a whole old log');
      const document = JSON.parse(await readFile(at('r.json'), 'utf8'));
      assert.equal(document.operations.total, 4_800);
      assert.equal(document.replay_log, null);
    } finally {
      await server.close();
    }
  });
});

test('an arrival log that exists is kept, unless forced', async () => {
  await withFolder(async (folder) => {
    const log = join(folder, 'log');
    await writeFile(log, 'old');
    const ports = ['--http-port', '0', '--grpc-port', '0'];
    const { code, stderr } = await runCli(['dev-server', ...ports, '--arrival-log', log]);
    assert.equal(code, 2);
    assert.match(stderr, /exists already/);
    assert.equal(await readFile(log, 'utf8'), 'old');
  });
});

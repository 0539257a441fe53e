import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cleanEnv } from '../cli/run-cli.ts';
import { newFolder } from '../support/folders.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MIB = 2 ** 20;
/** `ENGRAM_TRACE_TEST_FULL=1` lets npm install the package, and compiles by the rules of bundlers too. */
const isFull = process.env['ENGRAM_TRACE_TEST_FULL'] !== undefined;

interface LockedPackage {
  dev?: boolean;
  link?: boolean;
}

/** Folders of all that is installed for a user, as the lock has it: `node_modules/x`. */
async function productionFolders(): Promise<string[]> {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  const packages = Object.entries(lock.packages as Record<string, LockedPackage>);
  return packages
    .filter(([path, { dev, link }]) => path.startsWith('node_modules/') && !dev && !link)
    .map(([path]) => path);
}

/** What files take on a disk, in its blocks. Packages inside a package are counted by themselves. */
async function sizeOnDisk(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += entry.name === 'node_modules' ? 0 : await sizeOnDisk(path);
    else bytes += (await lstat(path)).blocks * 512;
  }
  return bytes;
}

const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023'],
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    verbatimModuleSyntax: true,
  },
};

describe('the packed package', () => {
  let folder: string;
  let home: string;
  before(async () => {
    folder = newFolder();
    home = join(folder, 'node_modules', 'engram-trace');
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: ROOT });
    const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
    await mkdir(home, { recursive: true });
    await run('tar', ['-xzf', join(folder, tarball), '-C', home, '--strip-components=1']);
    // What npm would install beside it, and the types of Node, which those who compile have.
    for (const path of await productionFolders()) {
      if (path.split('node_modules/').length > 2) continue;
      await mkdir(join(folder, path, '..'), { recursive: true });
      await symlink(join(ROOT, path), join(folder, path)).catch(() => {});
    }
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  });

  const node = async (program: string, ...args: string[]) =>
    (await run(process.execPath, [join(folder, 'out', program), ...args], { cwd: folder, env: cleanEnv() }))
      .stdout;

  it('takes less than 36 MB with all that is installed for it', async () => {
    let bytes = await sizeOnDisk(home);
    for (const path of await productionFolders()) {
      // What is for another platform is not there.
      bytes += await sizeOnDisk(join(ROOT, path)).catch(() => 0);
    }
    assert.ok(bytes > 10 * MIB, 'the packages are there');
    assert.ok(bytes < 36 * MIB, `it takes ${(bytes / MIB).toFixed(1)} MiB`);
  });

  // It asks a registry, and takes a minute.
  const full = isFull ? it : () => {};
  full('takes no more when npm installs it', async () => {
    const project = join(folder, 'project');
    await mkdir(project);
    await writeFile(join(project, 'package.json'), '{"private":true}');
    const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
    // Without the compiled zstd, which takes minutes where no binary can be fetched, and is counted above.
    await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', join(folder, tarball)], {
      cwd: project,
    });
    const installed = join(project, 'node_modules');
    let bytes = await sizeOnDisk(installed);
    for (const name of await readdir(installed))
      bytes += await sizeOnDisk(join(installed, name, 'node_modules')).catch(() => 0);
    assert.ok(bytes > 10 * MIB && bytes < 36 * MIB, `it takes ${(bytes / MIB).toFixed(1)} MiB`);
  });

  it('holds what it is to hold, and draws charts without a chart library', async () => {
    for (const file of [
      'traces/sample.trace.zst',
      'examples/count-per-op.ts',
      'docs/library.md',
      'proto/engram',
    ]) {
      await lstat(join(home, file));
    }
    const folders = await productionFolders();
    assert.ok(!folders.some((path) => /echarts|zrender|grpc|luxon/.test(path)));
    const notice = await readFile(join(home, 'dist/src/bundled/THIRD-PARTY.txt'), 'utf8');
    for (const name of ['echarts', 'zrender', 'tslib', '@grpc/grpc-js', 'luxon'])
      assert.match(notice, new RegExp(`^${name} \\d`, 'm'));
    assert.match(notice, /The Apache Software Foundation/);
    const chart = `import { renderArrivalsChart } from 'file://${home}/dist/src/report/arrivals-chart.js';
      console.log(renderArrivalsChart('t', [{ title: 'p', binMs: 100, planned: [1, 2], actual: [2, 1] }]));`;
    await mkdir(join(folder, 'out'), { recursive: true });
    await writeFile(join(folder, 'out', 'chart.js'), chart);
    assert.match(await node('chart.js'), /^<svg .*operations per 100 ms/s);
  });

  it('compiles in a strict project that checks the types of all it uses', async () => {
    const compile = async (name: string, options: object, include: string[]) => {
      const config = { compilerOptions: { ...TSCONFIG.compilerOptions, ...options }, include };
      await writeFile(join(folder, name), JSON.stringify(config));
      await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', join(folder, name)], { cwd: folder }).catch(
        ({ stdout }) => assert.fail(stdout),
      );
    };
    for (const name of await readdir(join(ROOT, 'examples'))) {
      await writeFile(join(folder, name), await readFile(join(home, 'examples', name)));
    }
    await compile('node.json', { module: 'nodenext', rootDir: '.', outDir: 'out' }, ['*.ts']);
    if (!isFull) return;
    const bundler = { module: 'esnext', moduleResolution: 'bundler', noEmit: true };
    await compile('bundler.json', bundler, ['custom-source.ts', 'read-results.ts']);
  });

  it('runs the seven programs of docs/library.md', async () => {
    const sample = join(home, 'traces/sample.trace.zst');
    const [results, log, cut] = ['results.json', 'access.csv', 'access.trace.zst'].map((name) =>
      join(folder, name),
    );
    assert.match(await node('count-per-op.js', sample), /^\d+\t\S+$/m);

    await writeFile(log as string, '0,a,GET,/x\n5,b,GET,/y\n5,a,POST,/x\n');
    assert.match(await node('custom-source.js', log as string, cut as string), /written to/);
    assert.equal(await node('count-per-op.js', cut as string), '1\tGET /x\n1\tGET /y\n1\tPOST /x\n');

    assert.match(await node('custom-transport.js', cut as string), /^3 of 3 answered/);

    assert.match(await node('transform-and-replay.js', cut as string, results as string), /^3 operations, /);
    assert.match(await node('own-clients.js'), /^200 of 200 ok, .*\nhits 100, misses 50, 67 %\np50 /);

    const server = createServer((_request, response) => response.end('ok'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    assert.match(await node('own-workload.js', `127.0.0.1:${port}`), /^550 sent, 0 failed, p50 /);
    await new Promise((resolve) => server.close(resolve));

    // A machine that is busy may void a run, which the program tells by its exit code.
    const read = await node('read-results.js', results as string).catch(({ stdout }) => stdout as string);
    assert.match(read, /^overall: 3 operations, .*the run is (valid|degraded|invalid)/s);
  });
});

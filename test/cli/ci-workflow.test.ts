import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import { withFolder } from '../support/folders.ts';
import { cleanEnv, MAIN } from './run-cli.ts';

const DOC = new URL('../../../docs/ci.md', import.meta.url);

/** The blocks of a language in the page. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, text = '']) => text,
  );
}

/** The steps of a workflow that a shell runs, by name. */
function stepsOf(workflow: string): Map<string, string> {
  const found = workflow.matchAll(
    /^ {6}- name: (.+)\n(?: {8}if: .+\n)? {8}run: (?:\|\n((?: {10}.*\n)+)|(.+)\n)/gm,
  );
  return new Map(
    [...found].map(([, name = '', block, line]) => [name, (line ?? block ?? '').replace(/^ {10}/gm, '')]),
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it("the example workflow's lines run as they stand, from the server to the checklist", async () => {
  const page = await readFile(DOC, 'utf8');
  const [workflow = ''] = blocks(page, 'yaml');
  const [limits = ''] = blocks(page, 'toml');
  const steps = stepsOf(workflow);
  assert.equal(steps.size, [...workflow.matchAll(/ run: /g)].length, 'every line of a shell is tried');
  const port = await freePort();
  await withFolder(async (folder) => {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'engram-trace'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
    await chmod(join(bin, 'engram-trace'), 0o755);
    await writeFile(join(folder, 'limits.toml'), limits);
    const env = { PATH: `${bin}:${process.env['PATH']}`, GITHUB_STEP_SUMMARY: join(folder, 'summary.md') };
    const step = async (name: string): Promise<{ code: number | null; output: string }> => {
      const script = (steps.get(name) ?? 'exit 77')
        .replaceAll('7432', String(port))
        .replace('--target-rate 200', '--target-rate 50')
        .replace('--duration 30', '--duration 2 --no-preload');
      const child = spawn('bash', ['-e', '-c', script], { cwd: folder, env: cleanEnv(env) });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text) => {
          output += text;
        });
      return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
    };
    assert.match(steps.get('install') ?? '', /^npm install --global engram-trace$/m);
    const started = await step('start the server');
    try {
      assert.deepEqual(started, { code: 0, output: '' });
      const played = await step('run the load');
      // On a machine that is too busy nothing is proven or held, and the lines are right all the same.
      assert.ok([0, 98, 99].includes(played.code ?? -1), played.output);
      const checked = await step('hold it against the limits');
      assert.ok([0, 98, 99].includes(checked.code ?? -1), checked.output);
      assert.equal((await step('show the checklist')).code, 0);
      const summary = await readFile(join(folder, 'summary.md'), 'utf8');
      assert.match(summary, /^\| \w[\w ]* \| errors \| `error_rate < 0\.5%` \|/m);
      assert.match(summary, /^\*\*(PASS|INVESTIGATE|FAIL|NOT JUDGED)\*\*$/m);
      assert.match(await readFile(join(folder, 'check.xml'), 'utf8'), /name="p95 of recall"/);
    } finally {
      assert.equal((await step('stop the server')).code, 0);
    }
  });
});

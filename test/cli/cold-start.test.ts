import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newFolder } from '../support/folders.ts';
import { runCli } from './run-cli.ts';

const SAMPLE = fileURLToPath(new URL('../../../traces/sample.trace.zst', import.meta.url));
const LICENCES = fileURLToPath(new URL('../../src/bundled/THIRD-PARTY.txt', import.meta.url));

/** Rooms of ours and packages whose modules a command loads, and how many there are. */
async function loadedBy(folder: string, args: string[]): Promise<{ count: number; of: Set<string> }> {
  const { code, stderr } = await runCli(args, { fresh: true, env: { NODE_V8_COVERAGE: folder } });
  assert.equal(code, 0, stderr);
  const urls = new Set<string>();
  for (const name of await readdir(folder)) {
    const { result } = JSON.parse(await readFile(join(folder, name), 'utf8')) as {
      result: { url: string }[];
    };
    for (const { url } of result) if (url.startsWith('file:')) urls.add(url);
  }
  const room = (url: string) =>
    /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? /\/dist\/src\/([^/]+)\//.exec(url)?.[1] ?? '';
  return { count: urls.size, of: new Set([...urls].map(room).filter((name) => name !== '')) };
}

/** What a command may load, and how many modules: a server, a client or a chart costs more than all that is asked for. */
const BOUNDS = [
  [['--help'], 25, ['cli', 'trace']],
  [['verify', '--help'], 60, ['cli', 'trace', 'sources', 'commander']],
  [['dev-server', '--help'], 50, ['cli', 'trace', 'dev-server', 'commander']],
  [['capture', '--help'], 70, ['cli', 'trace', 'capture', 'dialects', 'inspect', 'commander']],
  [['inspect', SAMPLE], 95, ['cli', 'trace', 'sources', 'inspect', 'commander', 'zstd-napi']],
  [
    ['replay', SAMPLE, '--dry-run', '--endpoint', 'http://127.0.0.1:9'],
    150,
    ['cli', 'bundled', 'trace', 'zstd-napi'],
  ],
] as const;

test('a command loads what it uses, and no more', async () => {
  for (const [args, most, rooms] of BOUNDS) {
    // Where esbuild is not installed, a replay loads its modules one by one.
    if ((rooms as readonly string[]).includes('bundled') && !existsSync(LICENCES)) continue;
    const { count, of } = await loadedBy(newFolder(), [...args]);
    const others = [...of].filter((name) => !(rooms as readonly string[]).includes(name));
    assert.deepEqual(others, [], args.join(' '));
    assert.ok(count > 5 && count <= most, `${args.join(' ')}: ${count} modules`);
  }
});

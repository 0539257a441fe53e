import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { compressFrame } from '../../src/trace/frames/zstd.ts';
import { withFolder } from '../support/folders.ts';
import { cleanEnv, MAIN } from './run-cli.ts';

const LIMIT_MB = 400;
const MiB = 1024 * 1024;
const TELL_RSS = `import{writeFileSync}from'node:fs';process.on('exit',()=>writeFileSync(process.env.RSS_FILE,String(process.resourceUsage().maxRSS)))`;

interface Run {
  code: number | null;
  stderr: string;
  rssMb: number;
}

/** Runs the built program and tells the most memory it had. */
async function measure(folder: string, args: readonly string[], input?: string): Promise<Run> {
  const rssFile = join(folder, 'rss');
  const preload = `data:text/javascript,${encodeURIComponent(TELL_RSS)}`;
  const env = { ...cleanEnv(), RSS_FILE: rssFile };
  const child = spawn(process.execPath, ['--import', preload, MAIN, ...args], {
    env,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  child.stdin?.on('error', () => {});
  if (input === undefined) child.stdin?.end();
  else createReadStream(input).pipe(child.stdin as NodeJS.WritableStream);
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr, rssMb: Number(await readFile(rssFile, 'utf8')) / 1024 };
}

test('a line that never ends is refused in bounded memory, however small it was compressed', async () => {
  await withFolder(async (folder) => {
    const bomb = join(folder, 'bomb.ndjson.zst');
    const blank = compressFrame(Buffer.alloc(64 * MiB, ' '));
    const start = compressFrame(Buffer.from('{"start_ns":1,"path":"/'));
    await writeFile(bomb, Buffer.concat([start, ...Array<Uint8Array>(40).fill(blank)]));
    const out = join(folder, 'out.trace.zst');
    const runs: [string[], boolean][] = [
      [['cat', bomb], false],
      [['convert', '-', out], true],
      [['inspect', '-'], true],
      [['filter', bomb, '-o', out], false],
      [['replay', '--trace', '-', '--dry-run'], true],
    ];
    for (const [args, isPiped] of runs) {
      const { code, stderr, rssMb } = await measure(folder, args, isPiped ? bomb : undefined);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /line 1: the line is longer than 67108864 bytes/);
      assert.ok(rssMb < LIMIT_MB, `${args[0]} took ${rssMb} MB`);
    }
  });
});

test('many records inflate into bounded memory', async () => {
  await withFolder(async (folder) => {
    const bomb = join(folder, 'many.ndjson.zst');
    const record = `{"start_ns":1,"path":"/","body":"${' '.repeat(8 * MiB)}"}\n`;
    const frame = compressFrame(Buffer.from(record));
    await writeFile(bomb, Buffer.concat(Array<Uint8Array>(24).fill(frame)));
    const { code, stderr, rssMb } = await measure(folder, ['inspect', '-'], bomb);
    assert.equal(code, 0, stderr);
    assert.ok(rssMb < LIMIT_MB, `took ${rssMb} MB`);
  });
});

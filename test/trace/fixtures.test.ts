import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EngramTraceError } from '../../src/error.ts';
import { decompressFrame } from '../../src/trace/frames/zstd.ts';
import { frameSpan } from '../../src/trace/frames/zstd-frame.ts';
import { makeFixtures, summarizeIndex } from './make-fixtures.ts';
import { FIXTURES, readPath } from './support.ts';

// The golden pair fixes the format: what these bytes mean may never change. `hostile/` is what readers must survive.

const path = (name: string) => fileURLToPath(new URL(name, FIXTURES));

test('the golden trace says what its NDJSON twin says', async () => {
  const binary = await readPath(path('golden.trace.zst'));
  const lines = await readPath(path('golden.ndjson'));
  assert.deepEqual(binary.records, lines.records);
  assert.deepEqual(binary.header, lines.header);
  assert.deepEqual(binary.loss, lines.loss);
  assert.deepEqual([...binary.warnings, ...lines.warnings], []);
  assert.ok(binary.records.length > 5);
});

test('the golden trace has the index it always had', async () => {
  const summary = await summarizeIndex(path('golden.trace.zst'));
  assert.deepEqual(summary, JSON.parse(readFileSync(path('golden.index.json'), 'utf8')));
});

/** Frame by frame what is in it, so that another release of zstd may compress it otherwise. */
function contents(bytes: Uint8Array): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const span = frameSpan(bytes, at);
    if (span.kind === 'skippable') found.push(`skippable ${span.magic}`);
    else if (span.kind === 'data')
      found.push(contentOf(bytes.subarray(at, at + span.sizeBytes), span.contentBytes));
    else return [...found, span.kind];
    at += span.sizeBytes;
  }
  return found;
}

function contentOf(frame: Uint8Array, contentBytes = 0): string {
  try {
    return Buffer.from(decompressFrame(frame, contentBytes)).toString('hex');
  } catch {
    return 'damaged';
  }
}

test('the fixtures are those that make-fixtures makes', async () => {
  const made = await makeFixtures();
  const there = ['', 'hostile/'].flatMap((folder) =>
    readdirSync(path(folder || '.'), { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
      .map(({ name }) => `${folder}${name}`),
  );
  assert.deepEqual([...made.keys()].sort(), there.sort());
  const golden = made.get('golden.trace.zst') ?? new Uint8Array(0);
  const isSameZstd = Buffer.compare(golden, readFileSync(path('golden.trace.zst'))) === 0;
  for (const [name, bytes] of made) {
    const committed = readFileSync(path(name));
    if (isSameZstd || !name.endsWith('.zst')) assert.ok(committed.equals(bytes), name);
    else assert.deepEqual(contents(bytes), contents(committed), name);
  }
});

for (const name of readdirSync(path('hostile')).sort()) {
  test(`hostile/${name} ends in the error its name tells`, async () => {
    const [code] = name.split('.');
    await assert.rejects(readPath(path(`hostile/${name}`)), (error) => {
      assert.ok(error instanceof EngramTraceError, String(error));
      assert.equal(error.code, code?.replace(/-.*/, ''));
      assert.ok(error.where?.includes(name));
      return true;
    });
  });
}

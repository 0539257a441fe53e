import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Block, Header, Index } from '../../src/gen/engram/trace/v1/trace.ts';
import { createBlockBuilder } from '../../src/trace/block/block-builder.ts';
import { encodeIndexFrame } from '../../src/trace/frames/index-frame.ts';
import {
  decodeSeekTable,
  encodeSeekTable,
  type SeekEntry,
  seekTableBytes,
} from '../../src/trace/frames/seek-table.ts';
import { compressFrame, decompressFrame } from '../../src/trace/frames/zstd.ts';
import { frameSpan } from '../../src/trace/frames/zstd-frame.ts';
import { openTraceFile } from '../../src/trace/read/trace-file.ts';
import { emptyHeader } from '../../src/trace/record/record.ts';
import { createFrameWriter } from '../../src/trace/write/frame-writer.ts';
import { missing } from '../support/missing.ts';
import {
  createMemorySink,
  lossOf,
  makeRecord,
  readPath,
  readPiped,
  withFile,
  writeTrace,
} from './support.ts';

const RECORDS = Array.from({ length: 40 }, (_, i) =>
  makeRecord({
    startNs: i * 50_000_000,
    session: `c${i % 3}`,
    op: i % 4 === 0 ? 'remember' : 'recall',
    body: Buffer.from(`${i}`),
  }),
).map((record) => ({ ...record, body: new Uint8Array(record.body) }));
const whole = await writeTrace(RECORDS, { epochUnixNs: 1_700_000_000_000_000_000n });

interface Parts {
  header: Buffer;
  blocks: Buffer[];
  index: Buffer;
}

function split(bytes: Buffer): Parts {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const span = frameSpan(bytes, at);
    assert.ok(span.kind === 'data' || span.kind === 'skippable');
    frames.push(bytes.subarray(at, at + span.sizeBytes));
    at += span.sizeBytes;
  }
  const [header, ...rest] = frames;
  const index = rest.at(-2);
  assert.ok(header && index);
  return { header, blocks: rest.slice(0, -2), index };
}

const parts = split(whole);
const needsZstd = { skip: missing('zstd') };

test('zstd -t, -l and -dc accept the file', needsZstd, async () => {
  await withFile(whole, async (path) => {
    execFileSync('zstd', ['-t', '-q', path]);
    assert.match(execFileSync('zstd', ['-l', path], { encoding: 'utf8' }), /XXH64/);
    const stream = execFileSync('zstd', ['-dc', path]);
    const index = Index.decode(parts.index.subarray(16));
    const headerBytes = stream.length - Number(index.totals?.rawBytes);
    assert.equal(
      stream[headerBytes - Header.encode(Header.decode(message(stream))).finish().length - 1],
      headerBytes - 1,
    );
  });
});

/** The message that starts here, by its length in front. */
function message(stream: Uint8Array): Uint8Array {
  let size = 0;
  let at = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = stream[at++] ?? 0;
    size += (byte & 127) * factor;
    if (byte < 128) return stream.subarray(at, at + size);
  }
}

test('a reader made from docs/trace-format.md alone sees the same records', needsZstd, async () => {
  await withFile(whole, async (path) => {
    let stream: Uint8Array = execFileSync('zstd', ['-dc', path]);
    const next = () => {
      const body = message(stream);
      stream = stream.subarray(body.byteOffset - stream.byteOffset + body.length);
      return body;
    };
    assert.equal(Header.decode(next()).formatVersion, 1);
    const seen: [number, string, string][] = [];
    while (stream.length > 0) {
      const block = Block.decode(next());
      let startNs = Number(block.baseNs);
      for (const record of block.records) {
        startNs += Number(record.startDeltaNs);
        seen.push([startNs, block.strings[record.op] ?? '', Buffer.from(record.body).toString()]);
      }
    }
    const expected = RECORDS.map(({ startNs, op, body }) => [startNs, op, Buffer.from(body).toString()]);
    assert.deepEqual(seen, expected);
  });
});

test('the seek table of the specification, byte by byte', () => {
  const entries = [
    { compressedBytes: 111, rawBytes: 1000, checksum: 1 },
    { compressedBytes: 222, rawBytes: 2000, checksum: 2 },
    { compressedBytes: 40, rawBytes: 0, checksum: 0 },
  ];
  const table = Buffer.from(encodeSeekTable(entries));
  assert.equal(table.length, 53);
  assert.equal(table.subarray(0, 8).toString('hex'), '5e2a4d182d000000');
  assert.equal(table.subarray(-9).toString('hex'), '0300000080b1ea928f');
  assert.deepEqual(decodeSeekTable(table), entries);
});

test('a footer that claims more than the file, or has reserved bits, is none', () => {
  const footer = (frames: number, descriptor: number) => {
    const bytes = Buffer.alloc(9);
    bytes.writeUInt32LE(frames, 0);
    bytes[4] = descriptor;
    bytes.writeUInt32LE(0x8f92eab1, 5);
    return bytes;
  };
  assert.equal(seekTableBytes(footer(1, 0x80), 29), 29);
  assert.equal(seekTableBytes(footer(1, 0x00), 29), 25);
  assert.equal(seekTableBytes(footer(1, 0x03), 29), 25);
  assert.equal(seekTableBytes(footer(2, 0x80), 29), undefined);
  assert.equal(seekTableBytes(footer(0xffffffff, 0x80), 1e15), undefined);
  assert.equal(seekTableBytes(footer(1, 0x84), 29), undefined);
});

test('one entry for every frame, with the checksum of its content', () => {
  const table = whole.subarray(whole.length - (5 + parts.blocks.length * 12 + 2 * 12 + 12));
  const entries = decodeSeekTable(table);
  assert.equal(entries?.length, parts.blocks.length + 2);
  const frames = [parts.header, ...parts.blocks];
  for (const [i, frame] of frames.entries()) {
    assert.equal(entries[i]?.compressedBytes, frame.length);
    assert.equal(entries[i]?.checksum, frame.readUInt32LE(frame.length - 4));
  }
  assert.deepEqual(entries.at(-1), { compressedBytes: parts.index.length, rawBytes: 0, checksum: 0 });
});

/** A file with another index, all checksums right: what a liar writes, not what a disk breaks. */
function rebuild(change: (index: Index, table: SeekEntry[]) => void, blocks = parts.blocks): Buffer {
  const index = Index.decode(parts.index.subarray(16));
  const table = [parts.header, ...blocks].map((frame) => {
    const span = frameSpan(frame);
    const rawBytes = span.kind === 'data' ? (span.contentBytes ?? 0) : 0;
    return { compressedBytes: frame.length, rawBytes, checksum: frame.readUInt32LE(frame.length - 4) };
  });
  table.push({ compressedBytes: 0, rawBytes: 0, checksum: 0 });
  change(index, table);
  const frame = encodeIndexFrame(Index.encode(index).finish());
  const last = table.at(-1);
  if (last && last.compressedBytes === 0) last.compressedBytes = frame.length;
  return Buffer.concat([parts.header, ...blocks, frame, encodeSeekTable(table)]);
}

const entry = (index: Index, i: number) => {
  const found = index.blocks[i];
  assert.ok(found);
  return found;
};

const SEEN_THROUGH: [name: string, lie: (index: Index, table: SeekEntry[]) => void][] = [
  ['a block at another place', (index) => void entry(index, 1).offset++],
  ['a block that is longer', (index) => void entry(index, 1).compressedSize++],
  [
    'a block of 4 GB',
    (index) => {
      entry(index, 0).rawSize = 0xffffffff;
    },
  ],
  [
    'more records than bytes',
    (index) => {
      entry(index, 0).records = 0x7fffffff;
    },
  ],
  ['fewer blocks than frames', (index) => void index.blocks.pop()],
  ['a block twice', (index) => void index.blocks.push(entry(index, 0))],
  [
    'a block that ends before it starts',
    (index) => {
      entry(index, 0).lastStartNs = -1n;
    },
  ],
  [
    'other totals',
    (index) => {
      if (index.totals) index.totals.records++;
    },
  ],
  [
    'no totals',
    (index) => {
      index.totals = undefined;
    },
  ],
  [
    'times above 2^53',
    (index) => {
      entry(index, 0).lastStartNs = 2n ** 60n;
    },
  ],
  ['counts of ops that are not', (index) => void entry(index, 0).opCounts.push(1)],
  [
    'a seek table with another length',
    (_, table) => {
      if (table[1]) table[1].compressedBytes--;
    },
  ],
  [
    'a seek table with another content length',
    (_, table) => {
      if (table[2]) table[2].rawBytes = 7;
    },
  ],
  [
    'a seek table with a frame more',
    (_, table) => void table.unshift({ compressedBytes: 1, rawBytes: 1, checksum: 0 }),
  ],
];

for (const [name, lie] of SEEN_THROUGH) {
  test(`an index that lies is seen through: ${name}`, async () => {
    await withFile(rebuild(lie), async (path) => {
      const read = await readPath(path);
      assert.deepEqual(read.records, RECORDS);
      assert.equal(read.warnings.length, 1);
      assert.match(read.warnings.join(), /repair/);
    });
  });
}

for (const [name, lie] of SEEN_THROUGH.filter(([lying]) => lying !== 'other totals')) {
  test(`asked for its totals alone, an index that lies is never believed about blocks: ${name}`, async () => {
    await withFile(rebuild(lie), async (path) => {
      const file = await openTraceFile(path, { totalsOnly: true });
      try {
        if (file.indexSource === 'scan') assert.match(file.warnings.join(), /repair/);
        else assert.throws(() => file.index.blocks, { code: 'corrupt', hint: /repair/ });
      } finally {
        await file.close();
      }
    });
  });
}

test('the totals alone are those of the whole index, and the blocks are there when looked at', async () => {
  await withFile(whole, async (path) => {
    const [lazy, eager] = [await openTraceFile(path, { totalsOnly: true }), await openTraceFile(path)];
    assert.deepEqual(lazy.index.totals, eager.index.totals);
    assert.equal(lazy.index.blockCount, eager.index.blocks.length);
    assert.deepEqual(lazy.index.blocks, eager.index.blocks);
    assert.equal(lazy.index.closedNs, eager.index.closedNs);
    await Promise.all([lazy.close(), eager.close()]);
  });
});

test('the rebuilt file without a lie is read by its index', async () => {
  await withFile(
    rebuild(() => {}),
    async (path) => assert.deepEqual((await readPath(path)).warnings, []),
  );
});

const FOUND_OUT: [name: string, lie: (index: Index) => void][] = [
  [
    'another first start',
    (index) => {
      entry(index, 1).firstStartNs += 1n;
    },
  ],
  [
    'another last start',
    (index) => {
      entry(index, 1).lastStartNs += 1n;
    },
  ],
  [
    'other counts of records',
    (index) => {
      entry(index, 0).records++;
      entry(index, 1).records--;
      entry(index, 0).opCounts[0] = (entry(index, 0).opCounts[0] ?? 0) + 1;
      entry(index, 1).opCounts[0] = (entry(index, 1).opCounts[0] ?? 0) - 1;
    },
  ],
];

for (const [name, lie] of FOUND_OUT) {
  test(`an index that lies is found out when the block is read: ${name}`, async () => {
    await withFile(rebuild(lie), async (path) => {
      await assert.rejects(readPath(path), { code: 'corrupt', message: /the index says/ });
    });
  });
}

test('a frame that claims 2 GB is not decompressed', async () => {
  const block = parts.blocks[0] ?? Buffer.alloc(0);
  const descriptor = block[4] ?? 0;
  assert.equal(descriptor & 0x20, 0x20, 'a single segment: no window descriptor');
  const sizeBytes = [1, 2, 4, 8][descriptor >> 6] ?? 0;
  const claim = Buffer.from([0xa4, 0, 0, 0, 0x80]);
  const liar = Buffer.concat([block.subarray(0, 4), claim, block.subarray(5 + sizeBytes)]);
  const bytes = Buffer.concat([parts.header, liar, ...parts.blocks.slice(1)]);
  const expected = { code: 'corrupt', message: /claims 2147483648 bytes/ };
  await withFile(bytes, (path) => assert.rejects(readPath(path), expected));
  await assert.rejects(readPiped(bytes), { code: 'corrupt' });
  // Below the limit of the format, but beyond what its blocks can hold.
  liar.writeUInt32LE(200 * 1024 * 1024, 5);
  await withFile(Buffer.concat([parts.header, liar]), (path) =>
    assert.rejects(readPath(path), { code: 'corrupt', message: /can't hold them/ }),
  );
});

test('a newer version is an error with a word on what to do; unknown fields are not', async () => {
  const sink = createMemorySink();
  await createFrameWriter(sink, { ...emptyHeader(), formatVersion: 2 }).finish(0);
  const expected = { code: 'unsupported_version', message: /version 2 is newer than 1/ };
  await withFile(sink.bytes, (path) => assert.rejects(readPath(path), expected));
  await assert.rejects(readPiped(sink.bytes), expected);
  const old = message(decompressFrame(parts.header, rawSize(parts.header)));
  const unknown = new Uint8Array([...old, 0xf8, 0x07, 1]);
  const header = Buffer.from(compressFrame(new Uint8Array([unknown.length, ...unknown])));
  const read = await readPiped(Buffer.concat([header, ...parts.blocks]));
  assert.deepEqual(read.records, RECORDS);
});

function rawSize(frame: Uint8Array): number {
  const span = frameSpan(frame);
  return span.kind === 'data' ? (span.contentBytes ?? 0) : 0;
}

test('a block is copied from file to file as it is, with its epoch and its op counts', async () => {
  await withFile(whole, async (path) => {
    const from = await openTraceFile(path);
    const sink = createMemorySink();
    const epochUnixNs = from.header.epochUnixNs + 100n;
    const writer = createFrameWriter(sink, { ...emptyHeader(), epochUnixNs });
    const builder = createBlockBuilder(epochUnixNs);
    builder.add(makeRecord({ startNs: -200, op: 'other' }));
    await writer.append(builder.close(0));
    for (const block of from.index.blocks) {
      const source = { epochUnixNs: from.header.epochUnixNs, ops: from.index.totals.ops };
      await writer.copy(await from.readFrame(block), block, source);
    }
    await writer.finish(5);
    await from.close();
    assert.equal(writer.bytesWritten, sink.bytes.length);
    await withFile(sink.bytes, async (copied) => {
      const read = await readPath(copied);
      assert.deepEqual(read.warnings, []);
      assert.deepEqual(
        read.records.slice(1),
        RECORDS.map((record) => ({ ...record, startNs: record.startNs - 100 })),
      );
      const file = await openTraceFile(copied);
      assert.deepEqual(file.index.totals.ops, ['other', 'remember', 'recall']);
      assert.deepEqual(sumCounts(file.index.blocks.map((block) => block.opCounts)), [1, 10, 30]);
      await file.close();
    });
  });
});

function sumCounts(counts: readonly number[][]): number[] {
  return [0, 1, 2].map((op) => counts.reduce((sum, block) => sum + (block[op] ?? 0), 0));
}

test('a block with losses and no records is in the index', async () => {
  await withFile(await writeTrace([], {}, { loss: lossOf({ recordsDropped: 2 }) }), async (path) => {
    const file = await openTraceFile(path);
    assert.equal(file.indexSource, 'file');
    assert.deepEqual(
      file.index.blocks.map(({ records, loss }) => [records, loss.recordsDropped]),
      [[0, 2]],
    );
    await file.close();
  });
});

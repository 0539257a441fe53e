import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngramTraceError } from '../../../src/error.ts';
import { FrameParser } from '../../../src/wire/http2/frame-parser.ts';
import { CONNECTION_PREFACE } from '../../../src/wire/http2/frames.ts';
import fc from '../../support/fast-check.ts';
import { splitAt } from '../split-bytes.ts';

/** One frame: type, flags, stream, payload. */
function frame(type: number, flags: number, stream: number, payload: Buffer | string): Buffer {
  const data = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(data.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, data]);
}

function read(pieces: readonly Buffer[], direction: 'from-client' | 'from-server' = 'from-server'): string[] {
  const seen: string[] = [];
  const parser = new FrameParser(
    {
      onHeaders: (id, block, ended, startNs, promised) =>
        seen.push(`headers ${id} ${block.toString('latin1')} ${ended} ${startNs} ${promised}`),
      onData: (id, view, ended) => {
        const before = seen.at(-1);
        // Parts of one frame are joined, for where they are cut is not the point.
        if (before?.startsWith(`data ${id} `) && !before.endsWith('|')) seen.pop();
        const start = before?.startsWith(`data ${id} `) && !before.endsWith('|') ? before : `data ${id} `;
        seen.push(start + view.toString('latin1') + (ended ? '|' : ''));
      },
      onReset: (id, code) => seen.push(`reset ${id} ${code}`),
      onGoaway: (last) => seen.push(`goaway ${last}`),
      onSetting: (id, value) => seen.push(`setting ${id} ${value}`),
    },
    direction,
  );
  for (const piece of pieces) parser.push(piece, 7);
  return seen;
}

const SETTINGS = Buffer.from('000100001000000300000064', 'hex');
const CONVERSATION = Buffer.concat([
  frame(4, 0, 0, SETTINGS),
  frame(4, 1, 0, ''),
  frame(1, 4, 1, 'plain'),
  frame(0, 0, 1, 'abc'),
  frame(0, 8, 1, '\x03def\0\0\0'),
  frame(8, 0, 0, Buffer.from([0, 0, 1, 0])),
  frame(0, 9, 1, '\x02\0\0'),
  frame(1, 0x28, 3, '\x01\0\0\0\0\x10pa\0'),
  frame(9, 0, 3, 'rt'),
  frame(9, 4, 3, 's'),
  frame(6, 0, 0, 'pingping'),
  frame(5, 4, 3, '\0\0\0\x08promise'),
  frame(3, 0, 3, Buffer.from([0, 0, 0, 8])),
  frame(0xee, 0xff, 9, 'a type to come'),
  frame(7, 0, 0, 'goaway--'),
  frame(1, 5, 5, ''),
  frame(0, 1, 7, ''),
]);
const SEEN = [
  'setting 1 4096',
  'setting 3 100',
  'headers 1 plain false 7 0',
  'data 1 abcdef|',
  'headers 3 parts false 7 0',
  'headers 3 promise false 7 8',
  'reset 3 8',
  'goaway 1735352695',
  'headers 5  true 7 0',
  'data 7 |',
];

describe('HTTP/2 frame parser', () => {
  it('reads what tells of calls and skips the rest, however the bytes are cut', () => {
    assert.deepEqual(read([CONVERSATION]), SEEN);
    assert.deepEqual(read([...CONVERSATION].map((byte) => Buffer.from([byte]))), SEEN);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }), (fractions) => {
        assert.deepEqual(read(splitAt(CONVERSATION, fractions)), SEEN);
      }),
      { numRuns: 300 },
    );
  });

  it('wants the preface of a client', () => {
    const bytes = Buffer.concat([CONNECTION_PREFACE, frame(1, 5, 1, 'x')]);
    assert.deepEqual(read([bytes], 'from-client'), ['headers 1 x true 7 0']);
    assert.throws(() => read([Buffer.from('PRI * HTTP/2.1')], 'from-client'), EngramTraceError);
  });

  const broken: Record<string, Buffer> = {
    'more padding than data': frame(0, 8, 1, '\x05abc'),
    'padding without a length': frame(0, 8, 1, ''),
    'more padding than headers': frame(1, 12, 1, '\x09abc'),
    'data on stream 0': frame(0, 0, 0, 'x'),
    'headers on stream 0': frame(1, 4, 0, 'x'),
    'a continuation of nothing': frame(9, 4, 1, 'x'),
    'a header block interrupted': Buffer.concat([frame(1, 0, 1, 'x'), frame(0, 0, 1, 'y')]),
    'a header block on two streams': Buffer.concat([frame(1, 0, 1, 'x'), frame(9, 4, 3, 'y')]),
    'a reset of three bytes': frame(3, 0, 1, 'abc'),
    'settings of five bytes': frame(4, 0, 0, 'abcde'),
    'a promise without a stream': frame(5, 4, 1, 'ab'),
    'a header frame of 16 MB': frame(1, 4, 1, '').fill(0xff, 0, 3),
    'a flood of continuations': Buffer.concat([
      frame(1, 0, 1, ''),
      ...Array.from({ length: 2000 }, () => frame(9, 0, 1, '')),
    ]),
  };
  for (const [name, bytes] of Object.entries(broken)) {
    it(`refuses ${name}`, () => {
      assert.throws(() => read([bytes]), EngramTraceError);
    });
  }

  it('throws nothing but its own error, whatever the bytes', () => {
    const some = fc.tuple(
      fc.integer({ min: 0, max: 10 }),
      fc.nat(255),
      fc.nat(5),
      fc.uint8Array({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(some, { maxLength: 8 }), fc.uint8Array({ maxLength: 30 }), (frames, tail) => {
        const bytes = frames.map(([type, flags, stream, data]) =>
          frame(type, flags, stream, Buffer.from(data)),
        );
        try {
          read([Buffer.concat([...bytes, tail])]);
        } catch (error) {
          assert.ok(error instanceof EngramTraceError, String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });
});

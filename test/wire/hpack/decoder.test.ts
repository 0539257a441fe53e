import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngramTraceError } from '../../../src/error.ts';
import { HpackDecoder } from '../../../src/wire/hpack/decoder.ts';
import fc, { runs } from '../../support/fast-check.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Decodes blocks one after the other on one connection. */
function decodeAll(blocks: readonly string[], before: readonly string[] = []): string[][] {
  const decoder = new HpackDecoder();
  for (const block of before) decoder.decode(hex(block));
  return blocks.map((block) => decoder.decode(hex(block)));
}

const REQUEST = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'];
const REQUESTS = [
  REQUEST,
  [...REQUEST, 'cache-control', 'no-cache'],
  [
    ':method',
    'GET',
    ':scheme',
    'https',
    ':path',
    '/index.html',
    ':authority',
    'www.example.com',
    'custom-key',
    'custom-value',
  ],
];
const answer = (status: string, date: string): string[] => [
  ...[':status', status, 'cache-control', 'private', 'date', date, 'location', 'https://www.example.com'],
];
const DATE = 'Mon, 21 Oct 2013 20:13:21 GMT';
const ANSWERS = [
  answer('302', DATE),
  answer('307', DATE),
  [
    ...answer('200', 'Mon, 21 Oct 2013 20:13:22 GMT'),
    ...['content-encoding', 'gzip', 'set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ],
];

describe('HPACK decoder, RFC 7541 Appendix C', () => {
  it('C.2 single fields', () => {
    const cases: [string, string[]][] = [
      ['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', ['custom-key', 'custom-header']],
      ['040c 2f73 616d 706c 652f 7061 7468', [':path', '/sample/path']],
      ['1008 7061 7373 776f 7264 0673 6563 7265 74', ['password', 'secret']],
      ['82', [':method', 'GET']],
    ];
    for (const [block, expected] of cases) assert.deepEqual(decodeAll([block]), [expected]);
  });

  it('C.3 requests without Huffman coding', () => {
    const blocks = [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ];
    assert.deepEqual(decodeAll(blocks), REQUESTS);
  });

  it('C.4 requests with Huffman coding', () => {
    const blocks = [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ];
    assert.deepEqual(decodeAll(blocks), REQUESTS);
  });

  it('C.5 answers without Huffman coding, a table of 256 bytes, eviction', () => {
    const blocks = [
      `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120
       474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
      '4803 3330 37c1 c0bf',
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738
       666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33
       3630 303b 2076 6572 7369 6f6e 3d31`,
    ].map((block) => block.replaceAll(/\s/g, ''));
    // 3fe101: the table is 256 bytes from here on.
    assert.deepEqual(decodeAll(blocks, ['3fe101']), ANSWERS);
  });

  it('C.6 answers with Huffman coding, a table of 256 bytes, eviction', () => {
    const blocks = [
      `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718
       63c7 8f0b 97c8 e9ae 82ae 43d3`,
      '4883 640e ffc1 c0bf',
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7
       b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
    ].map((block) => block.replaceAll(/\s/g, ''));
    assert.deepEqual(decodeAll(blocks, ['3fe101']), ANSWERS);
  });
});

describe('HPACK decoder, hostile bytes', () => {
  const broken: Record<string, string> = {
    'index 0': '80',
    'an index behind the tables': 'bf',
    'an integer without an end': 'ffffffffffffffffff',
    'a string longer than the block': '0005 6162',
    'a block that ends in a name': '40',
    'padding that is not ones': '0081 10 00',
    'padding of a whole byte': '0082 1f ff 00',
    'the end-of-string symbol': '0084 ffff ffff 00',
    'a table larger than allowed': '3fe21f',
    'a table size behind a header': '82 20',
  };
  for (const [name, block] of Object.entries(broken)) {
    it(`refuses ${name}`, () => {
      assert.throws(() => decodeAll([block]), EngramTraceError);
    });
  }

  it('follows a table that the settings allowed to grow', () => {
    const decoder = new HpackDecoder();
    decoder.allowTableBytes(16_384);
    assert.deepEqual(decoder.decode(hex('3fe17f82')), [':method', 'GET']);
  });

  it('follows a table of any announced size, and gives back what it held of it', () => {
    let taken = 0;
    const room = {
      grow: (from: number, to: number) => {
        taken += to - from;
        return true;
      },
      shrink: (bytes: number) => {
        taken -= bytes;
      },
    };
    const decoder = new HpackDecoder(room);
    decoder.allowTableBytes(0xffff_ffff);
    decoder.decode(hex('3fe0ffffff0f')); // 2^32 - 1
    const entry = Buffer.concat([hex('40 01 61 7f 81 ff 03'), Buffer.alloc(65_536, 0x62)]);
    for (let i = 0; i < 40; i++) decoder.decode(entry);
    assert.equal(decoder.decode(hex('e5'))[1]?.length, 65_536, 'the oldest of 2.6 MB is still there');
    assert.ok(taken > 40 * 65_536);
    assert.throws(() => {
      for (let i = 0; i < 300; i++) decoder.decode(entry);
    }, /too large/);
    decoder.release();
    assert.equal(taken, 0);
  });

  it('refuses a list that a few bytes repeat for ever', () => {
    const decoder = new HpackDecoder();
    const long = Buffer.concat([hex('40 01 61 7f 81 1d'), Buffer.alloc(3840, 0x62)]); // 127 + 0x81 0x1d = 3840
    decoder.decode(long);
    assert.throws(() => decoder.decode(Buffer.alloc(60_000, 0xbe)), EngramTraceError);
  });

  it('throws nothing but its own error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }), (blocks) => {
        const decoder = new HpackDecoder();
        try {
          for (const block of blocks) decoder.decode(Buffer.from(block));
        } catch (error) {
          assert.ok(error instanceof EngramTraceError, String(error));
        }
      }),
      { numRuns: runs(5000) },
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GrpcMessageSplitter } from '../../src/wire/grpc-message-splitter.ts';
import fc from '../support/fast-check.ts';
import { splitAt } from './split-bytes.ts';

interface Message {
  compressed: boolean;
  data: string;
}

function frame({ compressed, data }: Message): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed ? 1 : 0;
  prefix.writeUInt32BE(data.length, 1);
  return Buffer.concat([prefix, Buffer.from(data, 'latin1')]);
}

function collect(): { framing: GrpcMessageSplitter; messages: Message[]; unframed: { text: string } } {
  const messages: Message[] = [];
  const unframed = { text: '' };
  let open: Message & { size: number } = { compressed: false, data: '', size: 0 };
  const framing = new GrpcMessageSplitter({
    onMessageStart: (size, compressed) => {
      open = { compressed, data: '', size };
    },
    onMessageData: (view) => {
      open.data += view.toString('latin1');
    },
    onMessageEnd: () => {
      assert.equal(open.data.length, open.size);
      messages.push({ compressed: open.compressed, data: open.data });
    },
    onUnframed: (view) => {
      unframed.text += view.toString('latin1');
    },
  });
  return { framing, messages, unframed };
}

describe('gRPC framing', () => {
  it('finds the messages however the bytes are cut', () => {
    const message = fc.record(
      {
        compressed: fc.boolean(),
        data: fc.string({ maxLength: 300 }).map((s) => Buffer.from(s).toString('latin1')),
      },
      { noNullPrototype: true },
    );
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), cuts, (expected, fractions) => {
        const { framing, messages } = collect();
        const bytes = Buffer.concat(expected.map(frame));
        for (const piece of bytes.length === 0 ? [] : splitAt(bytes, fractions)) framing.push(piece);
        assert.deepEqual(messages, expected);
        assert.equal(framing.missingBytes, 0);
      }),
      { numRuns: 300 },
    );
  });

  it('tells how much is missing', () => {
    const { framing } = collect();
    framing.push(frame({ compressed: false, data: 'hello' }).subarray(0, 7));
    assert.equal(framing.missingBytes, 3);
  });

  it('tells what is no message, from where it begins, however the bytes are cut', () => {
    const page = '<html>Bad Gateway</html>';
    const bytes = Buffer.concat([frame({ compressed: false, data: 'hello' }), Buffer.from(page)]);
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });
    fc.assert(
      fc.property(cuts, (fractions) => {
        const { framing, messages, unframed } = collect();
        for (const piece of splitAt(bytes, fractions)) framing.push(piece);
        assert.deepEqual(
          messages.map(({ data }) => data),
          ['hello'],
        );
        assert.equal(unframed.text, page);
        assert.equal(framing.missingBytes, 0);
      }),
    );
  });
});

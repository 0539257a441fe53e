import assert from 'node:assert/strict';
import { it } from 'node:test';
import { crc32 } from 'node:zlib';
import { unknownOutcome } from '../../../src/trace/record/record.ts';
import { AnswerComparison, comparableAnswer } from '../../../src/transports/answer/answer-comparison.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { makeRecord } from '../../support/make-record.ts';

const recordedAs = (bytes: Uint8Array) => ({
  ...unknownOutcome(),
  status: 200,
  responseBytes: bytes.length,
  responseCrc32: crc32(bytes),
});

it('an answer is the recorded one in whatever pieces it comes, and with one bit changed it is another', () => {
  const comparison = new AnswerComparison();
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(2400),
      fc.infiniteStream(fc.nat(40)),
      (body, bit, cuts) => {
        const room = Uint8Array.from([1, 2, 3, ...body, 4]);
        const told = (bytes: Uint8Array): unknown => {
          comparison.begin(recordedAs(body));
          for (let at = 3; at < bytes.length - 1; ) {
            const end = Math.min(bytes.length - 1, at + (cuts.next().value as number));
            comparison.add(bytes, at, end);
            at = end;
          }
          return comparison.end(200, false);
        };
        assert.equal(told(room), 'same');
        if (body.length === 0) return;
        const at = 3 + ((bit >> 3) % body.length);
        room[at] = (room[at] as number) ^ (1 << (bit & 7));
        assert.equal(told(room), 'other');
      },
    ),
    { numRuns: runs(200) },
  );
});

it('nothing is known of an answer where the recording has none that is whole, or no checksum', () => {
  const whole = recordedAs(Buffer.from('body'));
  assert.equal(comparableAnswer(makeRecord(0, { outcome: whole })), whole);
  for (const over of [{ responseCrc32: undefined }, { status: undefined }, { error: 'client_aborted' }]) {
    const outcome = { ...whole, ...over };
    assert.equal(comparableAnswer(makeRecord(0, { outcome })), undefined);
  }
  const comparison = new AnswerComparison();
  comparison.begin(undefined);
  comparison.add(Buffer.from('body'), 0, 4);
  assert.equal(comparison.end(200, false), undefined);
});

it('an answer that says it has another length is another, and is not summed up', () => {
  const comparison = new AnswerComparison();
  comparison.begin(recordedAs(Buffer.from('body')));
  comparison.announce(5);
  comparison.add(Buffer.from('body'), 0, 4);
  assert.equal(comparison.end(200, false), 'other');
});

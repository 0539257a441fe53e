import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeUntoldLosses,
  encodeUntoldLosses,
  isUntoldLossesName,
  UNTOLD_LOSSES_BYTES,
  type UntoldLosses,
  untoldLossesName,
} from '../../../src/trace/op-log/untold-losses.ts';
import { emptyLoss, type Loss } from '../../../src/trace/record/record.ts';
import fc from '../../support/fast-check.ts';

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const loss = fc.record(Object.fromEntries(Object.keys(emptyLoss()).map((key) => [key, count])), {
  noNullPrototype: true,
}) as unknown as fc.Arbitrary<Loss>;
const untold: fc.Arbitrary<UntoldLosses> = fc.record(
  {
    runId: fc.stringMatching(/^[0-9A-Za-z]{1,32}$/),
    isEnded: fc.boolean(),
    sinceUnixNs: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    untilUnixNs: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    loss,
  },
  { noNullPrototype: true },
);

describe('untold losses', () => {
  it('come back as they were written, in a file of one size', () => {
    fc.assert(
      fc.property(untold, (losses) => {
        const bytes = encodeUntoldLosses(losses);
        assert.equal(bytes.length, UNTOLD_LOSSES_BYTES);
        assert.deepEqual(decodeUntoldLosses(bytes, 'x'), losses);
      }),
    );
  });

  it('refuse what is cut off or something else', () => {
    const bytes = encodeUntoldLosses({
      runId: 'a',
      isEnded: true,
      sinceUnixNs: 1n,
      untilUnixNs: 2n,
      loss: { ...emptyLoss(), recordsDropped: 3 },
    });
    for (const size of [0, 1, 20, 100])
      assert.throws(() => decodeUntoldLosses(bytes.subarray(0, size), 'x'), { code: 'corrupt' });
    for (const text of ['null', '[]', '{}', '{"format":"other"}'])
      assert.throws(() => decodeUntoldLosses(Buffer.from(text), 'x'), { code: 'corrupt' });
    const negative = Buffer.from(
      bytes.toString('latin1').replace('"records_dropped":3', '"records_dropped":-3'),
    );
    assert.throws(() => decodeUntoldLosses(negative, 'x'), { code: 'corrupt' });
  });

  it('have names that are told from those of segments', () => {
    const name = untoldLossesName(1_763_700_000_000, 'run1');
    assert.equal(name, 'oplog-20251121T044000000Z-run1.losses');
    assert.ok(isUntoldLossesName(name));
    for (const other of [
      'oplog-20251121T044000000Z-run1-000001.trace.zst',
      `x${name}`,
      `${name}.bak`,
      'losses',
    ])
      assert.ok(!isUntoldLossesName(other), other);
  });
});

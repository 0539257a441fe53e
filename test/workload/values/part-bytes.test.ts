import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPartEncoder } from '../../../src/workload/values/part-bytes.ts';

const STRIDE = 97;
const ONE = 1_000_000;
const ALL = [0, -0, 1, -1, 10, 999, 1000, 1001, 100_000, 999_999, ONE, -ONE];
for (let value = -ONE; value <= ONE; value += STRIDE) ALL.push(value);

test('the text of a value is the shortest there is, as JSON.stringify has it', () => {
  const encode = createPartEncoder('text', ALL.length);
  const text = Buffer.from(encode(Float64Array.from(ALL), true)).toString();
  assert.deepEqual(
    text.split(','),
    ALL.map((value) => JSON.stringify(value / ONE)),
  );
});

test('every other value of a partial vector is null, and only the last part ends without a comma', () => {
  const encode = createPartEncoder('partial', 3);
  const textOf = (values: number[], isLast: boolean) =>
    Buffer.from(encode(Float64Array.from(values), isLast)).toString();
  assert.equal(textOf([-250_000, 7, 1], true), '-0.25,null,0.000001');
  assert.equal(textOf([-ONE, -ONE], false), '-1,null,');
  assert.deepEqual([textOf([], false), textOf([], true)], ['', '']);
});

test('floats keep the sign of a zero, as the number has it', () => {
  const bytes = Buffer.from(createPartEncoder('floats', 3)(Float64Array.of(-0, 500_000, -3), false));
  assert.deepEqual(
    [0, 4, 8].map((at) => bytes.readFloatLE(at)),
    [-0, 0.5, Math.fround(-3e-6)],
  );
});

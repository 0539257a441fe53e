import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countText, durationText, numberText, sizeText } from '../../src/inspect/number-text.ts';
import { textTable } from '../../src/inspect/text-table.ts';
import { isoTime } from '../../src/iso-time.ts';

test('numbers for people', () => {
  const table: [string, string][] = [
    [countText(0), '0'],
    [countText(1234567), '1,234,567'],
    [numberText(0.01234), '0.0123'],
    [numberText(12.345), '12.3'],
    [numberText(1234.5), '1,235'],
    [numberText(99.96), '100.0'],
    [numberText(null), '-'],
    [numberText(Number.NaN), '-'],
    [sizeText(0), '0 B'],
    [sizeText(49.45), '49.5 B'],
    [sizeText(1023), '1023 B'],
    [sizeText(1536), '1.50 KiB'],
    [sizeText(2 ** 31), '2 GiB'],
    [durationText(0), '0 s'],
    [durationText(0.00005), '50.0 us'],
    [durationText(0.25), '250 ms'],
    [durationText(59.94), '59.9 s'],
    [durationText(83), '1 min 23 s'],
    [durationText(3723), '1 h 02 min 03 s'],
  ];
  for (const [text, expected] of table) assert.equal(text, expected);
});

test('a table is aligned and has no trailing space', () => {
  const columns = [{ title: 'op' }, { title: 'count', align: 'right' }, { title: '' }] as const;
  const lines = textTable(columns, [
    ['recall', '7', 'x'],
    ['get', '12345', ''],
  ]);
  assert.deepEqual(lines, ['op      count', 'recall      7  x', 'get     12345']);
});

test('times are cut, not rounded, and negative ones work', () => {
  assert.equal(isoTime(1_763_733_600_123_456_789n, 9), '2025-11-21T14:00:00.123456789Z');
  assert.equal(isoTime(1_763_733_600_999_999_999n), '2025-11-21T14:00:00.999Z');
  assert.equal(isoTime(0n, 0), '1970-01-01T00:00:00Z');
  assert.equal(isoTime(-1n, 9), '1969-12-31T23:59:59.999999999Z');
  assert.equal(isoTime(2n ** 80n), `${2n ** 80n} ns`);
});

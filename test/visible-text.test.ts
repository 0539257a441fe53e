import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesText, visibleJson, visibleText } from '../src/visible-text.ts';
import fc from './support/fast-check.ts';

/** What a terminal would act on, or what would hide or turn what stands beside it. */
const RAW = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

test('control characters, line ends, escapes, directions and halves of pairs are shown', () => {
  const shown: [string, string][] = [
    ['plain, ünï, 漢字, 🙂', 'plain, ünï, 漢字, 🙂'],
    ['\x1b[31mred', '\\x1b[31mred'],
    ['a\nfidelity: valid\r\t\x07', 'a\\nfidelity: valid\\r\\t\\x07'],
    ['\x7f\x9b31m\x85', '\\x7f\\x9b31m\\x85'],
    ['\u202eabc\u2066\u200f\ufeff', '\\u202eabc\\u2066\\u200f\\ufeff'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\ud800x\udc00', '\\ud800x\\udc00'],
    ['\u{e0041}', '\\u{e0041}'],
  ];
  for (const [text, expected] of shown) assert.equal(visibleText(text), expected);
  assert.equal(linesText(['a\nb', 'c']), 'a\\nb\nc\n');
});

test('nothing raw is left of any text, and shown text stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = visibleText(text);
      assert.doesNotMatch(shown, RAW);
      assert.equal(visibleText(shown), shown);
    }),
  );
});

test('JSON keeps its meaning, and nothing in it but its own line ends acts on a terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = visibleJson(JSON.stringify({ [text]: [text] }, undefined, 2));
      assert.doesNotMatch(json.replaceAll('\n', ''), RAW);
      assert.deepEqual(Object.entries(JSON.parse(json)), [[text, [text]]]);
    }),
  );
});

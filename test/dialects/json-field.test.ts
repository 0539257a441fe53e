import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findJsonField } from '../../src/dialects/json-field.ts';
import fc, { runs } from '../support/fast-check.ts';

const find = (text: string) => {
  const field = findJsonField(Buffer.from(text), 'memory_space_id');
  return field.kind === 'value' ? field.value : `(${field.kind})`;
};

test('only the top level counts, and strings are not searched', () => {
  const rows: [string, string][] = [
    ['{"memory_space_id":"abc"}', 'abc'],
    ['  {\n "a" : 1 , "memory_space_id" \t:\r\n "abc" }', 'abc'],
    ['{"a":{"memory_space_id":"inner"},"memory_space_id":"outer"}', 'outer'],
    ['{"a":[{"memory_space_id":"inner"}]}', '(absent)'],
    ['{"content":"\\"memory_space_id\\":\\"trap\\""}', '(absent)'],
    ['{"content":"memory_space_id","x":"y"}', '(absent)'],
    ['{"a":"b\\\\","memory_space_id":"abc"}', 'abc'],
    ['{"memory\\u005fspace_id":"abc"}', 'abc'],
    ['{"memory_space_id":"a\\u0062c"}', 'abc'],
    ['{"memory_space_id":null}', '(absent)'],
    ['{"memory_space_id":{"x":1}}', '(unknown)'],
    ['{"content":"x"}', '(absent)'],
    ['["memory_space_id","abc"]', '(absent)'],
    ['{"memory_space_id":"ab', '(unknown)'],
    ['{"content":"cut off here', '(unknown)'],
    ['', '(unknown)'],
  ];
  for (const [text, expected] of rows) assert.equal(find(text), expected, text);
});

test('agrees with JSON.parse on every object', () => {
  const key = fc.oneof(fc.constantFrom('memory_space_id', 'a', 'memory_space', '"'), fc.string());
  const json = fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.string(), fc.constant('memory_space_id')));
  fc.assert(
    fc.property(json, fc.nat(4), (object, indent) => {
      const own = Object.hasOwn(object, 'memory_space_id') ? object['memory_space_id'] : undefined;
      const expected =
        typeof own === 'string' ? own : own === undefined || own === null ? '(absent)' : '(unknown)';
      fc.pre(expected.length < 500);
      assert.equal(find(JSON.stringify(object, null, indent)), expected);
    }),
    { numRuns: runs(3000), seed: 2 },
  );
});

test('a text cut anywhere gives the value, or that it is unknown', () => {
  const text = '{"embedding":[0.1,0.2],"o":{"memory_space_id":"no"},"memory_space_id":"yes","tail":"}"}';
  for (let length = 0; length < text.length; length++) {
    const found = find(text.slice(0, length));
    assert.ok(found === 'yes' || found === '(unknown)', `${length}: ${found}`);
  }
});

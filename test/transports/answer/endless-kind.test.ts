import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  endlessKindOf,
  endlessTypeIn,
  isCoded,
  isCompressed,
} from '../../../src/transports/answer/endless-kind.ts';

function kindOf(contentType: string, status = 200, hasLength = false, isEncoded = false): string {
  const bytes = Buffer.from(`x${contentType}x`);
  const endlessType = endlessTypeIn(bytes, 1, bytes.length - 1);
  return endlessKindOf({ status, endlessType, hasLength, isEncoded }) ?? 'ordinary';
}

const KINDS: readonly [contentType: string, kind: string][] = [
  ['text/event-stream', 'events'],
  ['Text/Event-Stream; charset=utf-8', 'events'],
  ['text/event-stream;charset=utf-8', 'events'],
  ['text/event-stream ; q', 'events'],
  ['application/x-ndjson', 'lines'],
  ['application/X-NDJSON; charset=utf-8', 'lines'],
  ['application/ndjson', 'lines'],
  ['application/jsonl', 'lines'],
  ['application/stream+json;charset=UTF-8', 'lines'],
  ['application/json-seq', 'unread'],
  ['multipart/x-mixed-replace; boundary=frame', 'unread'],
  ...['text/event-streams', 'text/event-strea', 'text/event-stream2; x', 'x; a=text/event-stream'].map(
    (type): [string, string] => [type, 'ordinary'],
  ),
  ...['', 'application/json', 'application/json; charset=utf-8', 'application/octet-stream', 'text/html'].map(
    (type): [string, string] => [type, 'ordinary'],
  ),
];

test('what is an endless answer is said by its content type, in any case and with any parameters', () => {
  assert.deepEqual(
    KINDS.map(([type]) => [type, kindOf(type)]),
    KINDS,
  );
});

test('a refusal is an ordinary answer; lines with a length have an end; compressed events are not told apart', () => {
  assert.deepEqual(
    [201, 301, 404, 503].map((status) => kindOf('text/event-stream', status)),
    ['events', 'ordinary', 'ordinary', 'ordinary'],
  );
  assert.equal(kindOf('application/x-ndjson', 200, true), 'ordinary');
  assert.equal(kindOf('text/event-stream', 200, true), 'events');
  assert.equal(kindOf('text/event-stream', 200, false, true), 'unread');
  const coded = ['gzip', 'br', 'identity', 'Identity', ''].map((value) =>
    isCoded(Buffer.from(value), 0, value.length),
  );
  assert.deepEqual(coded, [true, true, false, false, false]);
  assert.deepEqual(['chunked', 'gzip, chunked', 'Chunked ', '', 'identity'].map(isCompressed), [
    false,
    true,
    false,
    false,
    false,
  ]);
});

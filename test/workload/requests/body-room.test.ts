import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBodyRoom } from '../../../src/workload/requests/body-room.ts';

test('a body stays as it was written however many follow, small ones and ones larger than the room', () => {
  const room = createBodyRoom();
  const made = Array.from({ length: 200 }, (_, i) => {
    const text = `${i} `.repeat(i % 50 === 49 ? 40_000 : i * 7);
    room.begin().ascii(text);
    return { text, body: room.end() };
  });
  for (const { text, body } of made) assert.equal(Buffer.from(body).toString(), text);
});

test('bodies share memory, and one that is held keeps little', () => {
  const room = createBodyRoom();
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 100; i++) {
    room.begin().raw(new Uint8Array(3000));
    const { buffer } = room.end();
    assert.ok(buffer.byteLength <= 64 * 1024);
    buffers.add(buffer);
  }
  assert.ok(buffers.size <= 7, `${buffers.size} buffers`);
});

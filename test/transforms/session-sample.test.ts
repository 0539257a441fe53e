import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSessionSample } from '../../src/transforms/session-sample.ts';

const SESSIONS = Array.from({ length: 20_000 }, (_, i) => `run7-h${i}`);

test('keeps about the ratio asked for, of names that differ in a digit', () => {
  for (const ratio of [0.01, 0.1, 0.5, 0.9]) {
    const kept = SESSIONS.filter(createSessionSample(ratio, 1)).length / SESSIONS.length;
    const deviation = Math.sqrt((ratio * (1 - ratio)) / SESSIONS.length);
    assert.ok(Math.abs(kept - ratio) < 5 * deviation, `${kept} of ${ratio}`);
  }
});

test('0 keeps nothing and 1 everything', () => {
  assert.equal(SESSIONS.some(createSessionSample(0, 3)), false);
  assert.equal(SESSIONS.every(createSessionSample(1, 3)), true);
});

test('samples of one seed are nested, those of another seed differ', () => {
  const half = createSessionSample(0.5, 1);
  const tenth = createSessionSample(0.1, 1);
  assert.ok(SESSIONS.filter(tenth).every(half));
  const other = createSessionSample(0.5, 2);
  const alike = SESSIONS.filter((session) => half(session) === other(session)).length;
  assert.ok(alike > 0.45 * SESSIONS.length && alike < 0.55 * SESSIONS.length);
});

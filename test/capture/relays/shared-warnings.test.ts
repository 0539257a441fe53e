import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SharedWarnings } from '../../../src/capture/relays/shared-warnings.ts';

it('what several relays meet together is told once, what one meets again and again each time', () => {
  const told: string[] = [];
  let nowNs = 0;
  const warnings = new SharedWarnings(
    (text) => told.push(text),
    () => nowNs,
  );
  warnings.note('a', 'the disk is full, 3 blocks are lost');
  warnings.note('b', 'the disk is full, 1 blocks are lost');
  warnings.note('b', 'a segment vanished');
  nowNs = 1e9;
  warnings.note('a', 'the disk is full, 9 blocks are lost');
  nowNs = 12e9;
  warnings.note('b', 'the disk is full, 4 blocks are lost');
  assert.deepEqual(told, [
    'the disk is full, 3 blocks are lost',
    'a segment vanished',
    'the disk is full, 9 blocks are lost',
    'the disk is full, 4 blocks are lost',
  ]);
});

it('the sentences that are remembered are bounded', () => {
  let told = 0;
  const warnings = new SharedWarnings(
    () => told++,
    () => 0,
  );
  const name = (i: number): string =>
    String.fromCharCode(...[...String(i)].map((digit) => 97 + Number(digit)));
  for (let i = 0; i < 1_000; i++) warnings.note('a', name(i));
  warnings.note('b', name(999));
  warnings.note('b', name(0));
  assert.equal(told, 1_001, 'the newest is known, the oldest is forgotten');
});

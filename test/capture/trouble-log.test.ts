import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TroubleLog } from '../../src/capture/trouble-log.ts';

describe('troubles of connections', () => {
  it('are told at once, and then every ten seconds at most with their number', () => {
    const told: string[] = [];
    let nowNs = 0;
    const log = new TroubleLog(
      (text) => told.push(text),
      () => nowNs,
    );
    for (; nowNs < 25e9; nowNs += 1e7) log.note('refused');
    assert.deepEqual(told, ['refused', 'refused (1000 more in 10 s)', 'refused (1000 more in 10 s)']);
  });

  it('are told with their number where several come at once', () => {
    const told: string[] = [];
    let nowNs = 0;
    const log = new TroubleLog(
      (text) => told.push(text),
      () => nowNs,
    );
    log.note('refused', 5);
    nowNs = 10e9;
    log.note('refused', 3);
    assert.deepEqual(told, ['refused', 'refused (7 more in 10 s)']);
  });

  it('are bounded, however many texts a server thinks up', () => {
    const told: string[] = [];
    const log = new TroubleLog(
      (text) => told.push(text),
      () => 0,
    );
    for (let i = 0; i < 10_000; i++) log.note(`no name ${i}`);
    assert.equal(told.length, 21);
    assert.equal(told.at(-1), 'other troubles of connections');
  });
});

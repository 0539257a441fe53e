import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DueSorter } from '../../../src/results/arrivals/due-sorter.ts';
import fc, { runs } from '../../support/fast-check.ts';
import { documentOf, MS, SECOND, type Told } from '../support.ts';

const NAMES = ['gate', 'reading', 'back_pressure', 'catch_up', 'stall', 'scheduler', 'transport'] as const;

describe('lateness_attribution', () => {
  it('names each part, and counts who waited longer than 1 ms', () => {
    const waits = { readingNs: 1 * MS, fullNs: 2 * MS, pacedNs: 4 * MS, stalledNs: 8 * MS };
    const told: Told[] = [
      { dueNs: 0, readyNs: 32 * MS, waits, releasedNs: 63 * MS, sentNs: 127 * MS, doneNs: SECOND },
      { dueNs: SECOND, sentNs: SECOND + 1000, doneNs: 2 * SECOND },
    ];
    const { lateness_attribution: parts } = documentOf(told).fidelity;
    assert.deepEqual(
      NAMES.map((name) => [name, parts[name].ops, parts[name].total_ms, parts[name].max_ms]),
      [
        ['gate', 1, 32, 32],
        ['reading', 0, 1, 1],
        ['back_pressure', 1, 2, 2],
        ['catch_up', 1, 4, 4],
        ['stall', 1, 8, 8],
        ['scheduler', 1, 16.001, 16],
        ['transport', 1, 64, 64],
      ],
    );
    assert.equal(parts.transport_us.count, 2);
    assert.equal(parts.scheduler_us.max, 16_000);
  });

  it('adds up to the send errors, whatever happened', () => {
    const ns = fc.integer({ min: 0, max: 100 * MS });
    const each = fc.record({
      gate: ns,
      reading: ns,
      full: ns,
      paced: ns,
      stalled: ns,
      rest: ns,
      transport: ns,
    });
    fc.assert(
      fc.property(fc.array(each, { minLength: 1, maxLength: 30 }), (list) => {
        let sumNs = 0;
        const told = list.map((parts, at): Told => {
          const dueNs = at * SECOND;
          const readyNs = dueNs + parts.gate;
          const { reading: readingNs, full: fullNs, paced: pacedNs, stalled: stalledNs } = parts;
          const releasedNs = readyNs + readingNs + fullNs + pacedNs + stalledNs + parts.rest;
          const sentNs = releasedNs + parts.transport;
          sumNs += sentNs - dueNs;
          const waits = { readingNs, fullNs, pacedNs, stalledNs };
          return { dueNs, readyNs, waits, releasedNs, sentNs, doneNs: sentNs };
        });
        const { lateness_attribution: parts } = documentOf(told).fidelity;
        const totalMs = NAMES.reduce((sum, name) => sum + parts[name].total_ms, 0);
        assert.ok(Math.abs(totalMs - sumNs / MS) < 1e-3, `${totalMs} ${sumNs / MS}`);
      }),
      { numRuns: runs(60) },
    );
  });
});

describe('DueSorter', () => {
  it('passes on everything in order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (dues) => {
        const out: number[] = [];
        const sorter = new DueSorter((dueNs) => out.push(dueNs));
        for (const dueNs of dues) sorter.add(dueNs);
        sorter.flush();
        assert.deepEqual(
          out,
          [...dues].sort((a, b) => a - b),
        );
        assert.equal(sorter.misplaced, 0);
      }),
    );
  });

  it('holds a bounded number, and counts what came too late for them', () => {
    const out: number[] = [];
    const sorter = new DueSorter((dueNs) => out.push(dueNs));
    for (let dueNs = 1000; dueNs < 101_000; dueNs += 1) sorter.add(dueNs);
    assert.equal(out.length, 100_000 - 65_536);
    sorter.add(5);
    sorter.flush();
    assert.equal(sorter.misplaced, 1);
    assert.equal(out.length, 100_000);
  });
});

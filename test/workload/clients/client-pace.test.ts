import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginNs, rampUpWarnings } from '../../../src/workload/clients/client-pace.ts';

test('a ramp-up that is longer than the run is told, with how many clients begin', () => {
  const pace = { think: { kind: 'fixed', ns: 0 }, thinkText: '0', rampUpNs: 10e9 } as const;
  assert.deepEqual(rampUpWarnings(pace, 10, 10.1e9), []);
  assert.deepEqual(rampUpWarnings({ ...pace, rampUpNs: 0 }, 10, 1e9), []);
  for (const [clients, durationNs] of [
    [10, 4e9],
    [7, 3.3e9],
    [3, 10e9],
  ] as const) {
    const begun = Array.from({ length: clients }, (_, client) => beginNs(pace, client, clients)).filter(
      (ns) => ns < durationNs,
    ).length;
    assert.match(
      rampUpWarnings(pace, clients, durationNs)[0] ?? '',
      new RegExp(`: ${begun} of ${clients} clients begin`),
    );
  }
});

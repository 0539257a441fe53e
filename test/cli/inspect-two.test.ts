import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from './run-cli.ts';
import { withTrace } from './trace-support.ts';

test('inspect of two traces says how near they are to each other', async () => {
  await withTrace(async (folder, trace) => {
    const half = await runCli(['filter', trace, '--op', 'recall', '--format', 'ndjson']);
    const found = await runCli(['inspect', trace, '-', '--json'], { input: half.stdout });
    assert.equal(found.code, 0, found.stderr);
    const { a, b, gaps, op_mix_distance, dispersion, ops } = JSON.parse(found.stdout);
    assert.deepEqual([a.name, a.records, b.name, b.records], [trace, 1000, '-', 334]);
    assert.ok(gaps.ks > 0.5 && gaps.w1_us > 0);
    assert.ok(Math.abs(op_mix_distance - 0.666) < 1e-9);
    assert.deepEqual(
      dispersion.map(({ window_ms }: { window_ms: number }) => window_ms),
      [10, 100, 1000, 10_000],
    );
    assert.deepEqual([ops[0].op, ops[0].a_count, ops[0].b_count], ['recall', 334, 334]);
    const text = await runCli(['inspect', trace, trace]);
    assert.match(text.stdout, /^gaps +KS 0, W1 0 s, 0 % of the mean gap of a$/m);
    for (const [args, message] of [
      [[trace, trace, '--timeline'], /--timeline shows one trace, and two are named/],
      [[trace, trace, '--record', '1'], /--record shows one trace/],
      [['-', '-'], /both traces are stdin/],
      [[trace, folder], /op log can not be held against another trace/],
    ] as const) {
      const refused = await runCli(['inspect', ...args]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, message);
    }
  });
});

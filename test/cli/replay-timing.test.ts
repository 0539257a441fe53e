import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { PlanNearness } from '../../src/results/arrivals/plan-nearness.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import {
  type Finished,
  ok,
  run,
  someRecords,
  startServer,
  type TestServer,
  writeTrace,
} from './replay-support.ts';

let folder: string;
let trace: string;
let target: TestServer;

before(async () => {
  folder = newFolder();
  trace = await writeTrace(join(folder, 'short.trace.zst'), someRecords(60, 2));
  target = await startServer(ok);
});
after(async () => {
  await target.close();
});

async function replay(...flags: string[]): Promise<ResultsDocument> {
  target.requests.length = 0;
  const finished = await run(['replay', '--trace', trace, '--endpoint', target.url, ...flags]);
  assert.notEqual(finished.stdout, '', finished.stderr);
  return validated(JSON.parse(finished.stdout));
}

function refused(flags: string[]): Promise<Finished> {
  return run(['replay', '--trace', trace, '--endpoint', target.url, ...flags]);
}

function assertSound({ fidelity }: ResultsDocument, planned: number): void {
  assert.equal(fidelity.accounting.closes, true);
  assert.equal(fidelity.accounting.planned, planned);
  assert.equal(fidelity.accounting.ok, planned);
  assert.equal(fidelity.inversions, 0);
  assert.equal(fidelity.engine.missing_from_plan_statistics, 0);
}

describe('replay: timing', () => {
  for (const precision of ['eco', 'normal', 'spin']) {
    it(`runs with --precision ${precision}, and says so`, async () => {
      const document = await replay('--precision', precision);
      assert.equal(document.plan.options['precision'], precision);
      assertSound(document, 60);
    });
  }

  it('keeps think time, and says so', async () => {
    const document = await replay('--timing', 'think');
    assert.equal(document.plan.options['timing'], 'think');
    assertSound(document, 60);
    assert.equal(document.fidelity.lateness_attribution.gate.total_ms, 0);
  });

  it('copies sessions: each record so many times, from the seed', async () => {
    const document = await replay('--copies', '3', '--seed', '9', '--loop', '2');
    assertSound(document, 60 * 3 * 2);
    assert.equal(document.plan.seed, 9);
    assert.equal(document.plan.options['copies'], 3);
    assert.equal(typeof document.plan.options['copy_spread_secs'], 'number');
    const counts = new Map<string, number>();
    for (const { url } of target.requests) counts.set(url, (counts.get(url) ?? 0) + 1);
    assert.deepEqual([...new Set(counts.values())], [6]);
  });

  it('upscales: by session and by operation, and says how near it comes', async () => {
    for (const senders of ['1', '2']) {
      const document = await replay('--upscale', '3', '--order', 'open', '--senders', senders);
      assertSound(document, 60);
      assert.equal(document.plan.options['upscale'], 3);
      // 60 operations 2 ms apart, at a third of that.
      const { rate_factor: factor, rate_ratio: ratio, gap_ks: ks } = document.plan.nearness as PlanNearness;
      assert.deepEqual([factor, Number(ratio?.toFixed(3))], [3, 3]);
      assert.ok((ks as number) <= 0.5, `${ks}`);
    }
    const dry = await run(['replay', '--trace', trace, '--dry-run', '--upscale', '2x']);
    assert.match(dry.stdout, /\nnearness {4}[\d.]+ times the recorded rate, and 2.00 times asked for\n/);
    const piped = await run(
      ['replay', '-', '--dry-run', '--upscale', '2', '--order', 'open'],
      readFileSync(trace),
    );
    assert.equal(piped.code, 2);
    assert.match(piped.stderr, /can be read only once\n.*with --upscale and --order open/);
  });

  it('goes at a pace, and shows it in the plan', async () => {
    const pace = ['--pace', '40ms@2 10s@4'];
    const document = await replay(...pace);
    assert.equal(document.plan.options['pace'], '0.04s@2 10s@4');
    assertSound(document, 60);
    const dry = await run(['replay', '--trace', trace, '--dry-run', '--json', ...pace]);
    // 118 ms of plan: 80 in the first 40, the other 38 four times as fast.
    assert.ok(Math.abs(JSON.parse(dry.stdout).duration_secs - 0.0495) < 1e-9, dry.stdout.slice(0, 200));
  });

  it('tells the errors of copies by the record they come from', async () => {
    const broken = await startServer((request, response) => {
      request.resume();
      response.statusCode = request.url === '/api/v1/memories/recall?n=7' ? 500 : 200;
      response.end();
    });
    const finished = await run(['replay', '--trace', trace, '--endpoint', broken.url, '--copies', '4']);
    await broken.close();
    const { errors } = validated(JSON.parse(finished.stdout));
    assert.equal(errors.length, 1);
    assert.equal(errors[0]?.count, 4);
    assert.equal(errors[0]?.first_record?.number, 7);
  });

  const REFUSED: [flags: string[], says: RegExp][] = [
    [['--pace', '10s'], /'10s' is no phase of a pace[\s\S]*10s@1 5m@2/],
    [['--pace', '10s@0'], /no phase of a pace/],
    [['--pace', '@2'], /no phase of a pace/],
    [['--pace', '1s@2', '--timing', 'asap'], /pace/],
    [['--precision', 'exact'], /'exact' is not one of: eco, normal, spin/],
    [['--timing', 'thinking'], /not absolute, think, asap or rate=N/],
    [['--timing', 'think', '--order', 'open'], /order has to be session with timing think/],
    [['--copies', '0'], /at least 1/],
    [['--copies', '5000'], /copies/],
    [['--upscale', '0.5'], /'0.5' is not a factor from 1 to 1000\n.*filter --sample/],
    [['--upscale', '2', '--loop', '2'], /--upscale and --loop contradict each other/],
  ];
  for (const [flags, says] of REFUSED) {
    it(`refuses ${flags.join(' ')}`, async () => {
      const { code, stderr } = await refused(flags);
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
    });
  }
});

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CapacityDocument } from '../../src/capacity/capacity-document.ts';
import { capacityExitCode } from '../../src/cli/exit/capacity-exit-code.ts';
import { answerLines } from '../../src/cli/text/capacity-text.ts';
import { createDevServer } from '../../src/dev-server/dev-server.ts';
import { compiledSchema } from '../support/compiled-schema.ts';
import { withFolder } from '../support/folders.ts';
import { PLAIN } from '../workload/support.ts';
import { runCli } from './run-cli.ts';

const check = compiledSchema('capacity-v1.schema.json');
/** A busy machine may void a run, or be too slow for its limits. */
const MEASURED = [0, 98, 99];

async function documentIn(path: string): Promise<CapacityDocument> {
  const document = JSON.parse(await readFile(path, 'utf8'));
  check(document);
  return document;
}

test('capacity runs loads of a scenario, of clients and of a trace, and goes on where it stopped', async () => {
  const server = await createDevServer({ serviceRate: 5000 });
  try {
    await withFolder(async (folder) => {
      await writeFile(join(folder, 'own.toml'), PLAIN);
      const run = (...args: string[]) =>
        runCli(
          [
            ...['capacity', '--endpoint', `127.0.0.1:${server.httpPort}`, '--probe-duration', '0.2'],
            ...['--cool-down', '0', '--no-calibrate', '--fail-if', 'latency.overall.p50 > 5s', ...args],
          ],
          { cwd: folder },
        );
      const scenario = ['--scenario', 'own.toml', '--no-preload', '--output', 'capacity.json'];
      const first = await run(...scenario, '--rates', '20,40', '--keep', 'runs');
      assert.ok(MEASURED.includes(first.code ?? -1), first.stderr);
      assert.match(
        first.stderr,
        /^engram-trace: Plain: how many operations a second hold latency.overall.p50 <= 5s, 0.2 s a run$/m,
      );
      assert.match(first.stderr, /^engram-trace: probe 2: 40 a second: /m);
      const swept = await documentIn(join(folder, 'capacity.json'));
      assert.deepEqual(
        swept.probes.map(({ load, operations, results }) => [load, operations, results]),
        [
          [20, 4, join('runs', '01-20.json')],
          [40, 8, join('runs', '02-40.json')],
        ],
      );
      assert.ok(existsSync(join(folder, 'runs', '02-40.json')));
      assert.equal(swept.status, 'complete');

      const exists = await run(...scenario, '--rates', '20,40');
      assert.deepEqual([exists.code, /exists already/.test(exists.stderr)], [2, true]);
      const again = await run(...scenario, '--rates', '20,40', '--resume');
      assert.match(again.stderr, /; 2 runs are there$/m);
      assert.doesNotMatch(again.stderr, /probe 1/);
      assert.deepEqual((await documentIn(join(folder, 'capacity.json'))).probes, swept.probes);
      const changed = await run(...scenario, '--rates', '20', '--resume', '--seed', '2');
      assert.deepEqual([changed.code, /is different now/.test(changed.stderr)], [2, true]);

      const clients = await run('--clients', '--from', '2', '--most', '2', '--output', 'clients.json');
      assert.ok(MEASURED.includes(clients.code ?? -1), clients.stderr);
      const { searched, probes } = await documentIn(join(folder, 'clients.json'));
      assert.deepEqual([searched.by, searched.source, probes[0]?.load], ['clients', 'cache clients', 2]);

      const made = await runCli(['generate', 'own.toml', '--duration', '0.2', '--output', 'made.ndjson'], {
        cwd: folder,
      });
      assert.equal(made.code, 0, made.stderr);
      const copies = [
        '--trace',
        'made.ndjson',
        '--by',
        'copies',
        '--rates',
        '1,2',
        '--output',
        'copies.json',
      ];
      const traced = await run(...copies);
      assert.ok(MEASURED.includes(traced.code ?? -1), traced.stderr);
      const ofTrace = await documentIn(join(folder, 'copies.json'));
      assert.deepEqual(
        ofTrace.probes.map(({ load, operations }) => [load, operations]),
        [
          [1, 20],
          [2, 40],
        ],
      );
    });
  } finally {
    await server.close();
  }
});

test('capacity refuses what makes no sense before anything is sent', async () => {
  await withFolder(async (folder) => {
    await writeFile(join(folder, 'own.toml'), PLAIN);
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await runCli(['capacity', '--endpoint', '127.0.0.1:9', ...args], {
        cwd: folder,
      });
      assert.equal(code, 2, stderr);
      return stderr;
    };
    assert.match(await refused('--scenario', 'own.toml', '--by', 'copies'), /--by is for a trace/);
    assert.match(await refused('--scenario', 'own.toml', '--step', '10'), /--step has no end/);
    assert.match(
      await refused('--scenario', 'own.toml', '--fail-if', 'latency.overal.p99 > 1ms'),
      /no number named latency\.overal\.p99/,
    );
    assert.match(await refused('--clients', '--from', '1.5'), /clients are whole numbers/);
    assert.match(await refused('--scenario', 'own.toml', '--least', '200', '--from', '100'), /no load lies/);
  });
});

test('the answer in words and the exit code follow the kind of boundary', () => {
  const of = (
    answer: Partial<CapacityDocument['answer']>,
    searched: Partial<CapacityDocument['searched']> = {},
  ): CapacityDocument =>
    ({
      ...{ limits: ['p99 < 10ms'], generator: null, status: 'complete', probes: [] },
      searched: { unit: 'operations a second', by: 'rate', most: 9000, loads: null, ...searched },
      answer: {
        ...{ boundary_type: 'unknown', capacity: null, low: null, high: null, held: 4000, breached: 5000 },
        ...{ binding_limit: 'p99 < 10ms', limited_by: 'server', is_monotone: true, safe_load: null },
        ...{ knee: null, scalability_law: null, ...answer },
      },
    }) as unknown as CapacityDocument;
  const told = (answer: Partial<CapacityDocument['answer']>) => {
    const document = of(answer);
    return [capacityExitCode(document, undefined), answerLines(document).join('\n')] as const;
  };
  const smooth = told({ boundary_type: 'smooth', capacity: 4520, low: 4400, high: 4600, safe_load: 3164 });
  assert.equal(smooth[0], 0);
  assert.match(smooth[1], /^Capacity: 4,520 a second \(95 % between 4,400 a second and 4,600 a second\)/);
  assert.match(smooth[1], /Safe to run at: 3,164 a second/);
  assert.match(
    told({ boundary_type: 'cliff' })[1],
    /cliff between 4,000 a second.* no single number is true/,
  );
  assert.match(told({ boundary_type: 'metastable' })[1], /does not come back from an overload/);
  const bound = told({ boundary_type: 'not_reached', breached: null, limited_by: 'generator' });
  assert.equal(bound[0], 0);
  assert.match(bound[1], /This machine is the bound, not the server/);
  assert.match(told({ boundary_type: 'not_reached', limited_by: 'range' })[1], /--most 18000 goes on/);
  const ended = (searched: Partial<CapacityDocument['searched']>): string =>
    answerLines(of({ boundary_type: 'not_reached', limited_by: 'range' }, searched)).join('\n');
  assert.match(ended({ loads: [4000, 9000] }), /The range ends there: no higher load was asked for/);
  for (const searched of [{ loads: [4000, 9000] }, { most: null }, { by: 'upscale', most: 1000 } as const])
    assert.doesNotMatch(ended(searched), /--most \d/);
  assert.match(ended({ by: 'upscale', most: 600 }), /--most 1000 goes on/);
  const tooSlow = told({ held: null, breached: null, limited_by: 'generator' });
  assert.equal(tooSlow[0], 98);
  assert.doesNotMatch(tooSlow[1], /too few valid runs/);
  assert.match(tooSlow[1], /This machine is the bound, not the server/);
  assert.equal(told({ boundary_type: 'never_held' })[0], 99);
  assert.equal(told({})[0], 98);
  assert.equal(capacityExitCode(of({}), 'SIGINT'), 130);
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  emptyHeader,
  findScenario,
  fitTrace,
  type OwnOperation,
  openWorkload,
  playClients,
  readScenario,
  runReplay,
  type TraceRecord,
  verifyReplay,
} from '../../src/index.ts';
import { startServer } from '../cli/replay-support.ts';
import { validated } from '../results/support.ts';
import { newFolder } from '../support/folders.ts';
import { makeRecord } from '../support/make-record.ts';

const quiet = { warn: () => {} };

describe('a load of the caller', () => {
  it('is played where it is only a header and records, the part that was asked for too', async () => {
    const server = await startServer((_request, response) => response.end('ok'));
    async function* records(): AsyncGenerator<TraceRecord[]> {
      for (let at = 0; at < 20; at += 5)
        yield Array.from({ length: 5 }, (_, i) => makeRecord((at + i) * 1e6, { path: `/${at + i}` }));
    }
    const workload = { header: { ...emptyHeader(), dialect: 'generic' }, records, name: 'mine' };
    try {
      const document = validated(await runReplay(workload, server.url, quiet));
      assert.deepEqual([document.operations.successful, document.plan.trace.name], [20, 'mine']);
      const part = await runReplay(workload, server.url, {
        ...quiet,
        range: { from: { offsetNs: 7e6 }, to: { offsetNs: 12e6 } },
      });
      assert.equal(part.operations.total, 5);
    } finally {
      await server.close();
    }
  });

  it('may be clients that wait for their answers, and verify proves what is said of them', async () => {
    const replayLog = join(newFolder(), 'own.rlog');
    let [open, most] = [0, 0];
    const done: number[] = [];
    const run =
      (client: number, operation: number): OwnOperation['run'] =>
      async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 1));
        open--;
        assert.equal(operation, done[client] ?? 0, 'one after the other');
        done[client] = operation + 1;
        if (operation === 7) throw new Error('the cache is gone');
        if (operation === 8) return { ok: false, detail: 'full' };
        return operation % 4 === 0 ? { ok: true, bytes: 3 } : { ok: true, hit: operation % 4 !== 3 };
      };
    const document = validated(
      await playClients(
        {
          clients: 4,
          requests: 12,
          think: '1ms',
          createClient: (client) => ({
            next: (operation) => ({ op: operation % 4 === 0 ? 'put' : 'get', run: run(client, operation) }),
          }),
        },
        { ...quiet, replayLog },
      ),
    );
    const { operations, cache, errors, closed_loop, fidelity, plan } = document;
    assert.deepEqual([closed_loop, operations.total, operations.failed], [true, 48, 8]);
    assert.deepEqual([cache.hits, cache.misses], [4 * 6, 4 * 2]);
    assert.match(JSON.stringify(errors), /the cache is gone/);
    assert.match(JSON.stringify(errors), /full/);
    assert.ok(most <= 4 && fidelity.engine.max_in_flight <= 4, `${most}`);
    assert.deepEqual([plan.options['clients'], plan.options['think'], plan.seed], [4, '1ms', 1]);
    const { checks } = await verifyReplay(replayLog, document);
    assert.deepEqual(
      checks.filter(({ agrees }) => !agrees),
      [],
    );
  });

  it('tells a hit of what is no lookup, an answer that is none, and a client that breaks, as failures', async () => {
    const answers = [{ ok: true, hit: true }, undefined, { fine: 1 }] as never[];
    const document = await playClients(
      {
        clients: 1,
        think: '0',
        createClient: () => ({
          next: (operation) => {
            if (operation === 3) throw new Error('no idea');
            return operation > 3 ? undefined : { op: 'put', run: async () => answers[operation] as never };
          },
        }),
      },
      quiet,
    );
    assert.deepEqual([document.operations.total, document.operations.failed], [4, 4]);
    assert.match(JSON.stringify(document.errors), /hit is told of operations named get or has/);
  });

  it('is refused where it makes no sense', async () => {
    const createClient = () => ({ next: () => undefined });
    for (const wrong of [
      { clients: 0 },
      { clients: 1.5 },
      { clients: 2, think: 'often' },
      { clients: 2, request: 3 },
    ])
      await assert.rejects(
        playClients({ createClient, ...wrong }, quiet),
        { code: 'usage' },
        JSON.stringify(wrong),
      );
  });
});

it('a scenario is learned from a trace by the library, and read again', async () => {
  const { scenario } = findScenario('mixed_balanced');
  const small = {
    ...scenario,
    durationNs: 2e9,
    arrival: { pattern: 'poisson' as const, rate: 100 },
    data: { ...scenario.data, dimension: 8 },
  };
  const fitted = await fitTrace(openWorkload({ scenario: small, seed: 3 }), { name: 'like it' });
  const { arrival } = readScenario(fitted.toml, 'fitted');
  assert.equal(arrival.pattern, fitted.scenario.arrival.pattern);
  assert.ok(Array.isArray(fitted.notes) && typeof fitted.distances === 'object');
});

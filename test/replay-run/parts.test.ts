import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngramTraceError } from '../../src/error.ts';
import type { Operation, Transport } from '../../src/replay/ports.ts';
import { NO_WAITS } from '../../src/replay/release/hold-meter.ts';
import { createLazyTransports } from '../../src/replay-run/connect/lazy-transports.ts';
import { cacheResultOf, dialectOf, onlyPredicate } from '../../src/replay-run/options/record-predicate.ts';
import { makeRecord, outcome } from '../results/support.ts';

function transport(over: Partial<Transport> = {}): Transport {
  return { warmUp: async () => {}, close: async () => {}, send: () => () => {}, ...over };
}

describe('lazy transports', () => {
  it('makes only what is asked for, once, and closes it', async () => {
    const made: string[] = [];
    const closed: string[] = [];
    const making = (name: string) => async () => {
      made.push(name);
      return transport({
        close: async () => {
          closed.push(name);
        },
      });
    };
    const lazy = createLazyTransports({ http: making('http'), grpc: making('grpc') });
    await lazy.prepare(['http']);
    await lazy.prepare(['http']);
    assert.equal(lazy.for('http'), lazy.for('http'));
    assert.throws(() => lazy.for('grpc'), /no transport/);
    await lazy.close();
    assert.deepEqual([made, closed], [['http'], ['http']]);
  });

  it('reports a target that refuses and one that says nothing', async () => {
    const refusing = transport({ warmUp: () => Promise.reject(new EngramTraceError('target', 'refused')) });
    const silent = transport({ warmUp: () => new Promise(() => {}) });
    const lazy = createLazyTransports({ http: async () => refusing, grpc: async () => silent });
    await lazy.prepare(['http', 'grpc']);
    const errors = await lazy.warmUp(20);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['target', 'target'],
    );
    assert.match(errors[1]?.message ?? '', /does not answer/);
  });
});

describe('--only', () => {
  const engram = dialectOf('engram');
  const read = makeRecord({ op: 'recall', method: 'GET', path: '/api/v1/memories/recall' });
  const write = makeRecord({ op: 'remember', method: 'POST', path: '/api/v1/memories/remember' });

  it('splits records by what their dialect calls a write', () => {
    assert.deepEqual([read, write].filter(onlyPredicate('reads', engram) as never), [read]);
    assert.deepEqual([read, write].filter(onlyPredicate('writes', engram) as never), [write]);
    assert.equal(onlyPredicate(undefined, engram), undefined);
  });

  it('takes a dialect this program does not know for the generic one', () => {
    assert.equal(dialectOf('of a later version').name, 'generic');
  });
});

describe('cache results', () => {
  const cacheResult = cacheResultOf(dialectOf('memobuild'));
  const operation = (op: string, given: Parameters<typeof outcome>[0]): Operation => ({
    record: makeRecord({ op }),
    outcome: outcome(given),
    ...NO_WAITS,
    releasedNs: 0,
    number: 0,
    sequence: 0,
    recordNumber: 0,
    dueNs: 0,
    readyNs: 0,
    sentNs: 0,
    firstAnswerNs: 0,
    doneNs: 0,
  });

  const rows: [string, Parameters<typeof outcome>[0], 'hit' | 'miss' | undefined][] = [
    ['get', { status: 200 }, 'hit'],
    ['has', { status: 204 }, 'hit'],
    ['get', { status: 404 }, 'miss'],
    ['get_layer', { status: 404 }, 'miss'],
    ['get_node_layers', { status: 200 }, 'hit'],
    ['put', { status: 200 }, undefined],
    ['get', { status: 503 }, undefined],
    ['get', { status: 200, failure: 'connection_reset' }, undefined],
    ['get', { status: undefined, failure: 'timeout' }, undefined],
  ];
  for (const [op, given, want] of rows) {
    it(`${op} ${given?.status} ${given?.failure ?? ''}: ${want ?? 'neither'}`, () => {
      assert.equal(cacheResult?.(operation(op, given)), want);
    });
  }

  it('are not guessed for other dialects', () => {
    assert.equal(cacheResultOf(dialectOf('engram')), undefined);
  });
});

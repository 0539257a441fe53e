import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitBoundary } from '../../src/capacity/fit-boundary.ts';
import { probeOfResults } from '../../src/capacity/probe-of-results.ts';
import { parseLimit } from '../../src/check/parse-limit.ts';
import type { ResultsDocument } from '../../src/results/document/results-document.ts';
import { documentOf, MS, type Told } from '../results/support.ts';

/** A run whose answers take 1 to 2 ms. */
function runOf(verdict: ResultsDocument['fidelity']['verdict'], ...codes: string[]): ResultsDocument {
  const told = Array.from({ length: 1000 }, (_, i): Told => {
    const dueNs = i * 10 * MS;
    return { dueNs, sentNs: dueNs, doneNs: dueNs + MS + ((i * 7919) % 1000) * 1000 };
  });
  const document = documentOf(told);
  const reasons = codes.map((code) => ({ code, message: `because of ${code}`, observed: null, limit: null }));
  return { ...document, fidelity: { ...document.fidelity, verdict, reasons } };
}

const probe = (document: ResultsDocument, ...limits: string[]) =>
  probeOfResults(
    100,
    document,
    limits.map((holds) => parseLimit({ holds }, document)),
  );

describe('what a run says of a load', () => {
  it('is how far each limit is away, and how sure that is', () => {
    const { kind, margins } = probe(
      runOf('valid'),
      'latency.overall.p99 < 10ms',
      'error_rate < 0.1%',
      'throughput > 50/s',
    );
    assert.equal(kind, 'valid');
    const [p99, errors, throughput] = margins;
    assert.ok(Math.abs((p99?.margin ?? 0) - Math.log(10 / 1.99)) < 0.02, `${p99?.margin}`);
    assert.ok(p99?.resampled.every((each) => Math.abs(each - p99.margin) < 0.2));
    assert.equal(errors?.margin, 10, 'no error at all is as far away as it gets');
    assert.ok(Math.abs((throughput?.margin ?? 0) - Math.log(2)) < 0.05, `${throughput?.margin}`);
  });

  it('is nothing where the generator spoiled it, unless the limits held all the same', () => {
    const holding = 'latency.overall.p99 < 10ms';
    const broken = 'latency.overall.p99 < 1ms';
    assert.equal(probe(runOf('degraded', 'generator_late_p99'), holding).kind, 'valid');
    assert.equal(probe(runOf('degraded', 'generator_late_p99'), broken).kind, 'generator');
    assert.equal(probe(runOf('degraded', 'too_few_operations'), broken).kind, 'valid');
    assert.equal(probe(runOf('invalid', 'generator_late_p99', 'back_pressure'), holding).kind, 'generator');
    assert.equal(probe(runOf('invalid', 'trace_incomplete'), holding).kind, 'invalid');
  });

  it('is beyond every limit where the server does not keep up', () => {
    const limits = ['latency.overall.p99 < 10ms', 'error_rate < 1%'];
    const { kind, margins } = probe(runOf('invalid', 'back_pressure'), ...limits);
    assert.equal(kind, 'valid');
    assert.deepEqual(
      margins.map(({ name, margin }) => [name, margin]),
      [['keeps up with what it is sent', -10], ...limits.map((limit) => [limit, -10])],
    );
  });

  it('is nothing where the server has other data or is dead, and not just slow', () => {
    for (const code of ['nothing_succeeded', 'status_mismatch']) {
      assert.equal(probe(runOf('invalid', code), 'error_rate < 1%').kind, 'invalid');
      assert.equal(probe(runOf('invalid', code, 'unsent'), 'error_rate < 1%').kind, 'valid');
    }
  });

  it('is beyond every limit where a server that did answer fails what it is sent beyond that', () => {
    const failing = (replayed: string, ...codes: string[]): string => {
      const run = runOf('invalid', 'status_mismatch', ...codes);
      const changes = [{ op: 'recall', recorded: '2xx', replayed, count: 300 }];
      const document = { ...run, status_classes: { ...run.status_classes, changes } };
      return probe(document, 'error_rate < 1%').kind;
    };
    for (const replayed of ['5xx', 'server_error', 'none'])
      assert.equal(failing(replayed), 'valid', replayed);
    for (const replayed of ['4xx', 'client_error', '3xx'])
      assert.equal(failing(replayed), 'invalid', replayed);
    assert.equal(failing('5xx', 'nothing_succeeded'), 'invalid');
    assert.equal(failing('5xx', 'generator_late_p99'), 'generator');
  });

  it('has a boundary between a load that held and one that the server does not keep up with', () => {
    const held = probe(runOf('valid'), 'latency.overall.p99 < 10ms');
    const behind = { ...probe(runOf('invalid', 'back_pressure'), 'latency.overall.p99 < 10ms'), load: 200 };
    const boundary = fitBoundary([held, behind]);
    assert.equal(boundary?.bindingLimit, 'latency.overall.p99 < 10ms');
    assert.ok((boundary?.load ?? 0) > 100 && (boundary?.load ?? 0) < 200, JSON.stringify(boundary));
  });

  it('is as far as it gets from a limit that no factor leads to', () => {
    const run = runOf('valid');
    const marginOf = (holds: string, value: number): number | undefined => {
      const document = { ...run, summary: { ...run.summary, without_answer: value } } as ResultsDocument;
      return probe(document, holds).margins[0]?.margin;
    };
    assert.equal(marginOf('summary.without_answer <= 0', 0), 10);
    assert.equal(marginOf('summary.without_answer < 0', 0), -10);
    assert.equal(marginOf('summary.without_answer <= 0', 2), -10);
    assert.equal(marginOf('summary.without_answer < 5', -3), 10);
    assert.equal(marginOf('summary.without_answer > -5', -3), 10);
    assert.equal(marginOf('summary.without_answer > 5', -3), -10);
    assert.equal(marginOf('summary.without_answer > 5', 0), -10);
  });

  it('is how far failures are from those allowed, where a share has a least', () => {
    const run = runOf('valid');
    const marginOf = (holds: string, failed: number): number => {
      const operations = { ...run.operations, successful: 1000 - failed, failed };
      return probe({ ...run, operations }, holds).margins[0]?.margin ?? Number.NaN;
    };
    const near = (value: number, wanted: number) =>
      assert.ok(Math.abs(value - wanted) < 1e-6, `${value}, ${wanted} is right`);
    near(marginOf('success_rate > 95%', 10), Math.log(5));
    near(marginOf('completed_share > 95%', 10), Math.log(5));
    near(marginOf('success_rate > 95%', 500), Math.log(1 / 10));
    assert.equal(marginOf('success_rate > 95%', 0), 10);
    assert.equal(marginOf('success_rate >= 100%', 0), 10);
    assert.equal(marginOf('success_rate >= 100%', 1), -10);
  });

  it('is nothing where a limit was not measured', () => {
    const { kind, why } = probe(runOf('valid'), 'latency.overall.p99.9 < 10ms');
    assert.deepEqual([kind, why], ['invalid', 'latency.overall.p99.9 < 10ms was not measured']);
  });

  it('is that of the other limits where one that is not required was not measured', () => {
    const document = runOf('valid');
    const optional = parseLimit({ holds: 'latency.overall.p99.9 < 10ms', required: false }, document);
    const errors = parseLimit({ holds: 'error_rate < 1%' }, document);
    const { kind, margins } = probeOfResults(100, document, [optional, errors]);
    assert.deepEqual([kind, margins.map(({ name }) => name)], ['valid', ['error_rate < 1%']]);
    assert.equal(probeOfResults(100, document, [optional]).kind, 'invalid', 'nothing was measured at all');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
    const { kind, margins } = probe(runOf('invalid', 'back_pressure'), 'latency.overall.p99 < 10ms');
    assert.deepEqual([kind, margins.map(({ margin }) => margin)], ['valid', [-10]]);
  });

  it('is nothing where a limit was not measured', () => {
    const { kind, why } = probe(runOf('valid'), 'latency.overall.p99.9 < 10ms');
    assert.deepEqual([kind, why], ['invalid', 'latency.overall.p99.9 < 10ms was not measured']);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGrpcMetadata, grpcTimeout } from '../../../src/transports/grpc-js/grpc-metadata.ts';
import fc from '../../support/fast-check.ts';

const UNIT_NS: Record<string, number> = { n: 1, u: 1e3, m: 1e6, S: 1e9, M: 60e9, H: 3600e9 };

test('grpc timeout: as the protocol writes it', () => {
  const table: [ns: number, text: string][] = [
    [0, '1n'],
    [99_999_999, '99999999n'],
    [100_000_000, '100000u'],
    [1e9, '1000000u'],
    [30e9, '30000000u'],
    [100e9, '100000m'],
    [100_000e9, '100000S'],
  ];
  for (const [ns, text] of table) assert.equal(grpcTimeout(ns), text);
});

test('grpc timeout: at most eight digits, never shorter than asked for, and close to it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (ns) => {
      const match = /^(\d{1,8})([numSMH])$/.exec(grpcTimeout(ns));
      assert.ok(match !== null);
      const given = Number(match[1]) * (UNIT_NS[match[2] ?? ''] ?? 0);
      assert.ok(given >= ns && given - ns <= Math.max(ns * 1e-4, 1));
    }),
  );
});

test('grpc metadata: a list shared by many records is worked on once', () => {
  const metadataFor = createGrpcMetadata(['a', '2']);
  const shared = ['A', '1', 'b-bin', 'AAE=,/w==', 'x', '[redacted]'];
  const metadata = metadataFor(shared);
  assert.equal(metadataFor(shared), metadata);
  assert.notEqual(metadataFor([...shared]), metadata);
  assert.deepEqual(metadata.get('a'), ['2']);
  assert.deepEqual(metadata.toHttp2Headers()['b-bin'], 'AAE=,/w==');
  assert.deepEqual(metadata.get('x'), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { parseDuration } from '../../../src/cli/flags/parse-duration.ts';
import { parseSize } from '../../../src/cli/flags/parse-size.ts';
import { parseTime, parseTimePoint, readingOf } from '../../../src/cli/flags/parse-time.ts';
import { withReplayFlags } from '../../../src/cli/flags/with-replay-flags.ts';
import { nearest } from '../../../src/nearest.ts';
import fc from '../../support/fast-check.ts';

const NOW = 1_763_733_600_000_000_000n; // 2025-11-21T14:00:00Z

test('a share of other answers that is expected, or any', () => {
  const parsed = (...args: string[]): unknown =>
    withReplayFlags(new Command().exitOverride())
      .parse(['--trace', 't', ...args], { from: 'user' })
      .opts()['expectMismatch'];
  assert.equal(parsed(), undefined);
  const table: [string[], number][] = [
    [['--expect-mismatch'], 1],
    [['--expect-mismatch', '--force'], 1],
    [['--expect-mismatch=25%'], 0.25],
    [['--expect-mismatch', '0.25'], 0.25],
    [['--expect-mismatch=false'], 0],
  ];
  for (const [args, share] of table) assert.equal(parsed(...args), share, args.join(' '));
  for (const bad of ['25', '-1', 'some']) {
    assert.throws(() => parsed(`--expect-mismatch=${bad}`), { code: 'usage', hint: /alone behind/ }, bad);
  }
});

test('durations', () => {
  const table: [string, number][] = [
    ['3600', 3600e9],
    ['0.5', 5e8],
    ['.5', 5e8],
    ['1h30m', 5400e9],
    ['250ms', 25e7],
    ['50us', 5e4],
    ['50µs', 5e4],
    ['7ns', 7],
    ['2d', 172_800e9],
    ['1.5s', 15e8],
    [' 10s ', 10e9],
    ['0', 0],
  ];
  for (const [text, ns] of table) assert.equal(parseDuration(text), ns, text);
  for (const bad of [
    '',
    '-1',
    '1x',
    'h',
    '1h 30m',
    '1h30',
    'NaN',
    'Infinity',
    '1e3',
    '99999999999d',
    '1..5s',
  ]) {
    assert.throws(() => parseDuration(bad), { code: 'usage' }, bad);
  }
});

test('sizes', () => {
  const table: [string, number][] = [
    ['64', 64],
    ['64MiB', 64 * 2 ** 20],
    ['64M', 64 * 2 ** 20],
    ['1GB', 1e9],
    ['500kb', 5e5],
    ['1.5 GiB', 1.5 * 2 ** 30],
    ['10B', 10],
  ];
  for (const [text, bytes] of table) assert.equal(parseSize(text), bytes, text);
  for (const bad of ['', '-1', '1X', 'MB', '1iB', '1e9', '99999999T']) {
    assert.throws(() => parseSize(bad), { code: 'usage' }, bad);
  }
});

test('a Unix time is taken, its unit told by its length', () => {
  const unixNs = 1_774_735_200_000_000_000n;
  const table: [string, bigint, string][] = [
    ['1774735200', unixNs, 'seconds'],
    ['1774735200.25', unixNs + 250_000_000n, 'seconds'],
    ['1774735200000', unixNs, 'ms'],
    ['1774735200000000', unixNs, 'us'],
    ['1774735200000000001', unixNs + 1n, 'ns'],
  ];
  for (const [text, expected, unit] of table) {
    assert.equal(parseTime(text, NOW), expected, text);
    assert.deepEqual(parseTimePoint(text, NOW), { unixNs: expected });
    assert.match(readingOf(text) ?? '', new RegExp(`Unix time \\(${unit}\\) of 2026-03-28T22:00:00`));
  }
  for (const odd of ['17747352001', '177473520000000']) {
    assert.throws(() => parseTime(odd, NOW), { code: 'usage' }, odd);
  }
});

test('a time without a zone is UTC, and that is said', () => {
  for (const text of ['2025-11-21 14:00:00', '2025-11-21T14:00', '2025-11-21', '20251121T140000']) {
    assert.match(readingOf(text) ?? '', /taken as UTC/, text);
  }
  for (const text of [
    '2025-11-21T14:00:00Z',
    '2025-11-21 14:00:00 +02:00',
    '2025-11-21T14:00:00-0200',
    'now',
    '-2h',
  ]) {
    assert.equal(readingOf(text), undefined, text);
  }
});

test('times: UTC where no zone is given, exact to the ns', () => {
  const table: [string, bigint][] = [
    ['2025-11-21T14:00:00Z', NOW],
    ['2025-11-21T14:00:00', NOW],
    ['2025-11-21 14:00:00Z'.replace(' ', 'T'), NOW],
    ['2025-11-21T16:00:00+02:00', NOW],
    ['2025-11-21T14:00:00.123456789Z', NOW + 123_456_789n],
    ['2025-11-21T14:00:00.5+00:00', NOW + 500_000_000n],
    ['20251121T140000Z', NOW],
    ['2025-11-21 14:00:00', NOW],
    ['2025-11-21 14:00', NOW],
    ['2025-11-21 14:00:00Z', NOW],
    ['2025-11-21 14:00:00 UTC', NOW],
    ['2025-11-21 14:00:00.5', NOW + 500_000_000n],
    ['2025-11-21 16:00:00 +02:00', NOW],
    ['2025-11-21 16:00:00+0200', NOW],
    ['2025-11-21', NOW - 14n * 3_600_000_000_000n],
    ['now', NOW],
    ['-2h', NOW - 7_200_000_000_000n],
    ['now-2h', NOW - 7_200_000_000_000n],
    ['+1s', NOW + 1_000_000_000n],
  ];
  for (const [text, unixNs] of table) assert.equal(parseTime(text, NOW), unixNs, text);
});

test('impossible times are refused with the reason', () => {
  const bad = [
    '2025-02-30T00:00:00Z',
    '2025-11-21T25:00:00Z',
    '2025-13-01',
    'yesterday',
    '',
    '14',
    '-x',
    '2025-11-21T14:00:61Z',
  ];
  bad.push('2026-03-28T22:00:00+99:99', '2026-03-28T22:00:00-24:00', '2026-03-28T22:00:00+01:60');
  for (const text of bad) assert.throws(() => parseTime(text, NOW), { code: 'usage' }, text);
});

test('what is wrong with a time is told in words of ours', () => {
  const table: [string, string][] = [
    ['2025-13-01', ': there is no month 13'],
    ['2025-02-30T00:00:00Z', ': there is no day 30 in that month'],
    ['2025-11-21T14:61:00Z', ': there is no minute 61'],
    ['yesterday', ''],
  ];
  for (const [text, reason] of table)
    assert.throws(() => parseTime(text, NOW), { message: `'${text}' is not a time${reason}` });
});

test('a plain duration is an offset into a trace', () => {
  assert.deepEqual(parseTimePoint('90', NOW), { offsetNs: 90e9 });
  assert.deepEqual(parseTimePoint('1m30s', NOW), { offsetNs: 90e9 });
  assert.deepEqual(parseTimePoint('-2h', NOW), { unixNs: NOW - 7_200_000_000_000n });
  assert.deepEqual(parseTimePoint('2025-11-21', NOW), { unixNs: NOW - 14n * 3_600_000_000_000n });
  assert.deepEqual(parseTimePoint('20251121T140000Z', NOW), { unixNs: NOW });
  assert.deepEqual(parseTimePoint('20251121', NOW), { unixNs: NOW - 14n * 3_600_000_000_000n });
  assert.equal(readingOf('20251121'), '20251121 names no zone and is taken as UTC');
  assert.deepEqual(parseTimePoint('2025-11-21T15:00:00[Europe/Berlin]', NOW), { unixNs: NOW });
  assert.equal(readingOf('2025-11-21T15:00:00[Europe/Berlin]'), undefined);
  assert.deepEqual(parseTimePoint('9000000', NOW), { offsetNs: 9e15 });
});

test('every whole number of ns within ten days survives printing as ns', () => {
  fc.assert(fc.property(fc.nat(864e12), (ns) => parseDuration(`${ns}ns`) === ns));
});

test('the nearest name', () => {
  const names = ['--output', '--op', '--rate-multiplier', '--limit'];
  assert.equal(nearest('--outptu', names), '--output');
  assert.equal(nearest('--rate-multipler', names), '--rate-multiplier');
  assert.equal(nearest('--OUTPUT', names), '--output');
  assert.equal(nearest('--frobnicate', names), undefined);
});

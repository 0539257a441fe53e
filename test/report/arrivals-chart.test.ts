import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderArrivalsChart } from '../../src/report/arrivals-chart.ts';

const panel = { title: '1x', binMs: 100, planned: [5, 0, 9], actual: [5, 1, 8, 0] };

test('the chart is one self-contained SVG document with a series for plan and actual in each panel', () => {
  const svg = renderArrivalsChart('planned against actual', [panel, { ...panel, title: '2x' }]);
  assert.match(svg, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  for (const text of [
    'planned against actual',
    '1x: operations per 100 ms',
    '2x: operations per 100 ms',
    'planned',
    'actual',
  ])
    assert.ok(svg.includes(`>${text}<`), text);
  assert.doesNotMatch(svg, /<script|href="http/);
});

test('different arrivals give a different picture', () => {
  const one = renderArrivalsChart('t', [panel]);
  const other = renderArrivalsChart('t', [{ ...panel, actual: [0, 0, 14] }]);
  assert.notEqual(one, other);
});

test('no operations at all still draw', () => {
  assert.match(renderArrivalsChart('t', [{ ...panel, planned: [], actual: [] }]), /<svg/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chartLines } from '../../../../bench/energy/chart.ts';
import { drawEnergy } from '../../../../bench/energy/svg.ts';

const LINES = chartLines([120, 600]);

test('every rule has a line, a label of its own place, and the same drawing every time', () => {
  const svg = drawEnergy(LINES);
  assert.equal(svg, drawEnergy(chartLines([120, 600])));
  for (const { name } of LINES) assert.match(svg, new RegExp(`>${name}</text>`));
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  const heights = [...svg.matchAll(/<text x="796.0" y="([\d.]+)"/g)].map(([, y]) => Number(y));
  assert.equal(heights.length, LINES.length);
  heights.sort((a, b) => a - b);
  for (const [index, y] of heights.slice(1).entries()) {
    assert.ok(y - (heights[index] as number) >= 14.9, 'labels overlap');
  }
});

test('a rule that leaves the device out of reach is told apart', () => {
  const share = (name: string): number | undefined =>
    LINES.find((line) => line.name === name)?.points[0]?.unreachableShare;
  assert.ok((share('fixed-1200') ?? 0) > 0.5);
  assert.ok((share('keepalivehd') ?? 1) < 0.02);
});

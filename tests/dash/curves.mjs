// SPDX-License-Identifier: Apache-2.0
// Curves in the browser, without one. usage: node curves.mjs ASSETS; prints TAP.
import { pathToFileURL } from 'node:url';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import assert from 'node:assert/strict';

// A module by its ending: the assets folder has no package.json.
const copy = `${mkdtempSync(`${tmpdir()}/nadir-`)}/curves.mjs`;
writeFileSync(copy, readFileSync(`${process.argv[2]}/train/curves.js`));
const { MOST, add, decode, extent, figures, metricsOf, nearest, newCurve, smooth, squeeze, ticks } = await import(pathToFileURL(copy));

const tests = [];
const test = (title, run) => tests.push({ title, run });
const near = (a, b, e = 1e-9) => assert.ok(Math.abs(a - b) <= e, `${a} is not ${b}`);

test('a row becomes a point whose mean, low and high are its value', () => {
  const c = newCurve(['loss', 'lr']);
  add(c, [7, 1.5, 0.2, 3, null]);
  assert.deepEqual([c.step, c.time, c.epoch, c.rows], [[7], [1.5], [0.2], [1]]);
  assert.deepEqual([c.mean[0], c.low[0], c.high[0]], [[3], [3], [3]]);
  assert.ok(Number.isNaN(c.mean[1][0]));
});

test('joined points weigh their rows and keep the peaks', () => {
  const c = newCurve(['loss']);
  for (const [i, v] of [1, 2, 9, 4].entries()) add(c, [i, i, 0, v]);
  squeeze(c, 1);
  assert.deepEqual([c.step, c.rows, c.low, c.high], [[3], [4], [[1]], [[9]]]);
  near(c.mean[0][0], 4);
});

test('a value that is not there counts for nothing', () => {
  const c = newCurve(['loss']);
  for (const v of [null, 2, null]) add(c, [0, 0, 0, v]);
  squeeze(c, 1);
  assert.deepEqual([c.mean[0][0], c.low[0][0], c.high[0][0]], [2, 2, 2]);
});

test('a hundred thousand rows stay few points, with every peak', () => {
  const c = newCurve(['loss']);
  let sum = 0;
  for (let i = 0; i < 100000; i++) {
    const v = i === 77777 ? 50 : i % 10;
    sum += v;
    add(c, [i, i, 0, v]);
    assert.ok(c.step.length <= MOST);
  }
  assert.equal(Math.max(...c.high[0]), 50);
  assert.equal(c.rows.reduce((a, b) => a + b), 100000);
  near(c.rows.reduce((a, r, i) => a + r * c.mean[0][i], 0) / 1e5, sum / 1e5, 1e-6);
  assert.ok(c.step.every((s, i) => !i || s > c.step[i - 1]));
});

test('old points of many rows are not made coarser for new ones of one', () => {
  const c = newCurve(['loss']);
  add(c, [0, 0, 0, 1]);
  c.rows[0] = 1e6;
  for (let i = 1; i <= MOST; i++) add(c, [i, i, 0, 1]);
  assert.equal(c.rows[0], 1e6);
});

test('what the server sends is read as it lies', () => {
  const head = JSON.stringify({ points: 2, rows: 3, epochs: [] });
  const length = Math.ceil((4 + head.length) / 8) * 8 - 4;
  const bytes = new ArrayBuffer(4 + length + 4 * 2 * 7);
  new DataView(bytes).setUint32(0, length, true);
  new Uint8Array(bytes, 4, length).set(new TextEncoder().encode(head.padEnd(length)));
  new Float32Array(bytes, 4 + length).set([10, 20, 1, 2, 0, 1, 1, 2, 5, 6, 4, 5, 6, 7]);
  const { head: told, curve } = decode(bytes, ['loss']);
  assert.equal(told.rows, 3);
  assert.deepEqual([curve.step, curve.time, curve.epoch, curve.rows], [[10, 20], [1, 2], [0, 1], [1, 2]]);
  assert.deepEqual([curve.mean, curve.low, curve.high], [[[5, 6]], [[4, 5]], [[6, 7]]]);
});

test('smoothing keeps a constant, starts at the first value and follows a step', () => {
  const x = Array.from({ length: 101 }, (_, i) => i);
  assert.ok(smooth(x, x.map(() => 3), 0.1).every((v) => Math.abs(v - 3) < 1e-12));
  const y = smooth(x, x.map((i) => (i < 50 ? 0 : 1)), 0.1);
  near(y[0], 0);
  // A tenth of the range behind the step all but 1/e of it is made up.
  near(y[59], 1 - Math.exp(-1), 0.01);
  assert.equal(smooth(x, y, 0), y);
  const gap = smooth([0, 1, 2, 3], [1, NaN, 1, 1], 0.2);
  assert.ok(Number.isNaN(gap[1]) && gap[3] === 1);
});

test('smoothing does not depend on how dense the points lie', () => {
  const dense = Array.from({ length: 2001 }, (_, i) => i / 2), thin = Array.from({ length: 501 }, (_, i) => 2 * i);
  const f = (x) => Math.sin(x / 100);
  const a = smooth(dense, dense.map(f), 0.05), b = smooth(thin, thin.map(f), 0.05);
  near(a[1600], b[400], 0.03);
});

test('ticks are round and lie within', () => {
  assert.deepEqual(ticks(0, 1, 5, false), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(-3, 12, 4, false), [0, 5, 10]);
  assert.deepEqual(ticks(0.001, 10, 8, true), [0.001, 0.01, 0.1, 1, 10]);
  assert.deepEqual(ticks(1.5, 6, 4, true), [2, 5]);
  assert.deepEqual(ticks(1, 1, 4, false), []);
});

test('an axis is not pressed flat by one spike, but is told of it', () => {
  const x = Array.from({ length: 1000 }, (_, i) => i), y = x.map(() => 1);
  const high = x.map((i) => (i === 5 ? 1000 : 2));
  const [low, top] = extent([{ x, y, low: y, high }], null, false);
  assert.ok(low <= 1 && low > 0.9 && top >= 2 && top < 2.2, `${low} ${top}`);
  assert.ok(extent([{ x, y, low: y, high }], null, true)[1] >= 1000);
  assert.equal(extent([{ x, y: y.map(() => NaN) }], null, false), null);
  assert.equal(extent([{ x: [1], y: [-1] }], null, true), null);
  assert.deepEqual(extent([{ x: [0, 1, 2], y: [0, 10, 500] }], [0, 1], false), [-0.4, 10.4]);
});

test('the nearest value is found', () => {
  assert.deepEqual([-5, 0, 0.4, 0.6, 9, 99].map((v) => nearest([0, 1, 9], v)), [0, 0, 0, 1, 2, 2]);
  assert.equal(nearest([], 1), -1);
});

test('a line is told by its first, last and least value', () => {
  const f = figures({ x: [0, 1, 2, 3], y: [NaN, 5, 1, 2] });
  assert.deepEqual([f.first, f.last, f.least, f.leastAt], [5, 2, 1, 2]);
  assert.equal(figures({ x: [0], y: [NaN] }), null);
});

test('metrics are the figures of validation', () => {
  assert.deepEqual(metricsOf([[{ valid: { loss: 1, acc: 2, n: 3, ci95: [1, 2] } }], [{ valid: { iou: 1 } }, { valid: { iou: 1 } }], []]), ['acc', 'iou']);
});

let failed = 0;
console.log(`1..${tests.length}`);
tests.forEach(({ title, run }, n) => {
  try {
    run();
    console.log(`ok ${n + 1} - ${title}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${n + 1} - ${title}\n# ${String(error.message).split('\n').join('\n# ')}`);
  }
});
process.exit(failed ? 1 : 0);

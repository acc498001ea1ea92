// SPDX-License-Identifier: Apache-2.0
// Curves as the server sends them and as they grow; smoothing, axes. Pure: no page needed.

export const MOST = 4096; // points of a curve; more are put together, peaks are kept

/**
 * Points, each of one row or many: where it ends, and of each series mean, low, high.
 * @typedef {{series: string[], step: number[], time: number[], epoch: number[], rows: number[],
 *   mean: number[][], low: number[][], high: number[][], changes: number}} Curve
 */
export function newCurve(series) {
  const planes = () => series.map(() => []);
  return { series, step: [], time: [], epoch: [], rows: [], mean: planes(), low: planes(), high: planes(), changes: 0 };
}

/** The server's answer: length of the head, head, planes of floats. */
export function decode(buffer, series) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const n = head.points;
  let at = 4 + length;
  const plane = () => {
    const values = Array.from(new Float32Array(buffer, at, n));
    at += 4 * n;
    return values;
  };
  const curve = { series, step: plane(), time: plane(), epoch: plane(), rows: plane(), changes: 0 };
  for (const of of ['mean', 'low', 'high']) curve[of] = series.map(plane);
  return { head, curve };
}

/** A row of the stream: step, time, epoch, then a value or null of each series. */
export function add(curve, row) {
  curve.step.push(row[0]);
  curve.time.push(row[1]);
  curve.epoch.push(row[2]);
  curve.rows.push(1);
  curve.changes += 1;
  curve.series.forEach((_, s) => {
    const value = row[3 + s] ?? NaN;
    for (const of of ['mean', 'low', 'high']) curve[of][s].push(value);
  });
  if (curve.step.length > MOST) squeeze(curve, MOST / 2);
}

function join(curve, to, from) {
  const mine = curve.rows[to], others = curve.rows[from];
  curve.series.forEach((_, s) => {
    const mean = curve.mean[s], low = curve.low[s], high = curve.high[s];
    if (Number.isNaN(mean[from])) return;
    if (Number.isNaN(mean[to])) {
      mean[to] = mean[from], low[to] = low[from], high[to] = high[from];
    } else {
      mean[to] += (mean[from] - mean[to]) * others / (mine + others);
      low[to] = Math.min(low[to], low[from]);
      high[to] = Math.max(high[to], high[from]);
    }
  });
  for (const of of ['step', 'time', 'epoch']) curve[of][to] = curve[of][from];
  curve.rows[to] = mine + others;
}

function move(curve, to, from) {
  for (const of of ['step', 'time', 'epoch', 'rows']) curve[of][to] = curve[of][from];
  for (const of of ['mean', 'low', 'high']) for (const plane of curve[of]) plane[to] = plane[from];
}

/** Neighbours are joined, those of the fewest rows first, until about `wanted` are left. */
export function squeeze(curve, wanted) {
  const all = curve.rows.reduce((a, b) => a + b, 0), most = 2 * all / wanted;
  let n = 0;
  for (let i = 1; i < curve.step.length; i++) {
    if (curve.rows[n] + curve.rows[i] <= most) join(curve, n, i);
    else if (++n !== i) move(curve, n, i);
  }
  for (const of of ['step', 'time', 'epoch', 'rows']) curve[of].length = n + 1;
  for (const of of ['mean', 'low', 'high']) for (const plane of curve[of]) plane.length = n + 1;
}

/**
 * A mean that forgets: after `share` of the range of x the weight of a value has fallen to
 * a third. It does not depend on how densely the points lie.
 */
export function smooth(x, y, share) {
  const range = x.length ? x[x.length - 1] - x[0] : 0;
  if (!(share > 0) || !(range > 0)) return y;
  const out = new Array(y.length);
  let sum = 0, weight = 0, before = x[0];
  for (let i = 0; i < y.length; i++) {
    if (Number.isNaN(y[i])) {
      out[i] = NaN;
      continue;
    }
    const gap = Math.max(x[i] - before, range * 1e-6);
    const keep = Math.exp(-gap / (share * range));
    sum = keep * sum + (1 - keep) * y[i];
    weight = keep * weight + (1 - keep);
    out[i] = sum / weight;
    before = x[i];
  }
  return out;
}

/** Round places on an axis, at most about `count`. */
export function ticks(from, to, count, isLog) {
  if (!(to > from)) return [];
  if (isLog) {
    const first = Math.ceil(Math.log10(from) - 1e-9), last = Math.floor(Math.log10(to) + 1e-9);
    const each = Math.max(1, Math.ceil((last - first + 1) / count));
    const tens = [];
    for (let e = first; e <= last; e += each) tens.push(10 ** e);
    if (tens.length > 1) return tens;
    const steps = [];
    for (let e = first - 1; e <= last; e++) for (const m of [1, 2, 5]) steps.push(m * 10 ** e);
    const inside = steps.filter((v) => v >= from && v <= to);
    if (inside.length > 1) return inside;
  }
  const rough = (to - from) / count, ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * ten).find((s) => s >= rough);
  const out = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) out.push(+(i * step).toPrecision(12));
  return out;
}

/** The index of the value nearest to `at` in ascending `x`; -1: there is none. */
export function nearest(x, at) {
  let low = 0, high = x.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] < at) low = middle;
    else high = middle;
  }
  return Math.abs(x[low] - at) <= Math.abs(x[high] - at) ? low : high;
}

/**
 * Least and most of an axis, within a window of x; null: there is nothing. Of what lies between low
 * and high a two-hundredth on each side may lie outside: one spike must not press all others flat.
 */
export function extent(lines, window, isLog) {
  let low = Infinity, high = -Infinity;
  const name = `${window}${isLog}`;
  for (const line of lines) {
    if (line.ends?.name !== name) line.ends = { name, of: endsOf(line, window, isLog) };
    low = Math.min(low, line.ends.of[0]);
    high = Math.max(high, line.ends.of[1]);
  }
  if (!(low <= high) || (isLog && !(high > 0))) return null;
  if (low === high) return isLog ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) / 10, high + (Math.abs(high) || 1) / 10];
  const pad = (high - low) * 0.04;
  return isLog ? [low / (high / low) ** 0.04, high * (high / low) ** 0.04] : [low - pad, high + pad];
}

function endsOf({ x, y, low: under, high: over }, window, isLog) {
  const ends = [Infinity, -Infinity], lows = [], highs = [];
  const take = (v) => {
    if (v < ends[0] && (!isLog || v > 0)) ends[0] = v;
    if (v > ends[1] && v < Infinity) ends[1] = v;
  };
  for (let i = 0; i < x.length; i++) {
    if (window && (x[i] < window[0] || x[i] > window[1])) continue;
    take(y[i]);
    if (under && under[i] <= over[i]) lows.push(under[i]), highs.push(over[i]);
  }
  if (lows.length) {
    const out = isLog ? 0 : Math.floor(lows.length / 200);
    take(Float64Array.from(lows).sort()[out]);
    take(Float64Array.from(highs).sort()[highs.length - 1 - out]);
  }
  return ends;
}

/** What lies between low and high, for each column of a canvas: [column, top, bottom, …]. */
export function columns({ x, low, high }, px, py, floor) {
  const out = [];
  let column = NaN, top = 0, bottom = 0;
  for (let i = 0; i < x.length; i++) {
    if (!(low[i] <= high[i])) continue;
    const at = Math.round(px(x[i])), a = py(Math.max(high[i], floor)), b = py(Math.max(low[i], floor));
    if (at === column) {
      top = Math.min(top, a);
      bottom = Math.max(bottom, b);
      continue;
    }
    if (!Number.isNaN(column)) out.push(column, top, bottom);
    column = at, top = a, bottom = b;
  }
  if (!Number.isNaN(column)) out.push(column, top, bottom);
  return out;
}

/** What is known of a chart in figures: first, last, least with its place. */
export function figures({ x, y }) {
  let first = -1, last = -1, least = -1, most = -1;
  for (let i = 0; i < y.length; i++) {
    if (!Number.isFinite(y[i])) continue;
    if (first < 0) first = least = most = i;
    last = i;
    if (y[i] < y[least]) least = i;
    if (y[i] > y[most]) most = i;
  }
  return first < 0 ? null : { first: y[first], last: y[last], least: y[least], leastAt: x[least], most: y[most], mostAt: x[most] };
}

/** Names of figures that epochs have, of a side: valid before train, in order of appearance. */
export function metricsOf(runs) {
  const names = new Set();
  for (const epochs of runs)
    for (const epoch of epochs.slice(-1))
      for (const [name, value] of Object.entries(epoch.valid ?? {}))
        if (typeof value === 'number' && name !== 'n' && name !== 'loss') names.add(name);
  return [...names];
}

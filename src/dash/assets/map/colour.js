// SPDX-License-Identifier: Apache-2.0
// Values to colours: as an expression for the shader, and by hand for the canvas.
import { ramps } from '../store.js';

/** @typedef {{kind:'ramp'|'rgb'|'class', stops?:number[], classes?:object[]}} Paint */

const split = (c) => [c >> 16 & 255, c >> 8 & 255, c & 255];

/** @returns {Paint} */
export function paintOf(node, bands, rampName) {
  if (bands.length === 3) return { kind: 'rgb' };
  const band = node.bands[bands[0]];
  if (band?.kind === 'class' && band.labels) return { kind: 'class', classes: band.labels };
  const ramp = ramps.value.find((r) => r.name === rampName) ?? ramps.value[0];
  return { kind: 'ramp', stops: ramp.stops };
}

// ---- The shader. Bands are 1 to n, the last says where there is data.
const share = (band, i) => ['^',
  ['clamp', ['/', ['-', ['band', band], ['var', `low${i}`]], ['var', `span${i}`]], 0, 1],
  ['var', 'bend']];

export function variables(stretch) {
  const out = { bend: 1 / (stretch.gamma || 1) };
  for (let i = 0; i < 3; i++) {
    out[`low${i}`] = stretch.low[i];
    out[`span${i}`] = (stretch.high[i] - stretch.low[i]) || 1e-30;
  }
  return out;
}

export function style(paint, stretch) {
  let color;
  if (paint.kind === 'rgb') {
    color = ['array', share(1, 0), share(2, 1), share(3, 2), ['band', 4]];
  } else if (paint.kind === 'class') {
    color = ['match', ['band', 1]];
    for (const c of paint.classes) if (!c.clear) color.push(c.value, ['color', ...split(c.colour), ['band', 2]]);
    color.push(['color', 0, 0, 0, 0]);
  } else {
    color = ['interpolate', ['linear'], share(1, 0)];
    paint.stops.forEach((c, i) => color.push(i / (paint.stops.length - 1), ['color', ...split(c), ['band', 2]]));
  }
  return { color, variables: variables(stretch) };
}

/** What the shader reads: planes mixed pixel by pixel, and a last one for "data". */
export function mix(tile, order) {
  const n = order.length + 1, pixels = tile.width * tile.height;
  const out = new Float32Array(pixels * n);
  for (let i = 0, o = 0; i < pixels; i++) {
    let is = 1;
    for (const b of order) {
      const v = tile.bands[b][i];
      if (v !== v) is = 0;
      else out[o] = v;
      o += 1;
    }
    out[o++] = is;
  }
  return out;
}

// ---- By hand, for screens without WebGL.
function rampTable(stops) {
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = i / 255 * (stops.length - 1), k = Math.min(stops.length - 2, Math.floor(at));
    const a = split(stops[k]), b = split(stops[k + 1]);
    for (let c = 0; c < 3; c++) table[3 * i + c] = Math.round(a[c] + (b[c] - a[c]) * (at - k));
  }
  return table;
}

function bendTable(gamma) {
  const table = new Uint8Array(1025);
  for (let i = 0; i <= 1024; i++) table[i] = Math.round(255 * (i / 1024) ** (1 / (gamma || 1)));
  return table;
}

/** Paints a tile into the pixels of an ImageData. */
export function paintInto(image, tile, order, paint, stretch) {
  const out = image.data, pixels = tile.width * tile.height;
  const bend = bendTable(stretch.gamma);
  const at = (v, i) => {
    const s = (v - stretch.low[i]) / ((stretch.high[i] - stretch.low[i]) || 1e-30);
    return bend[s <= 0 ? 0 : s >= 1 ? 1024 : s * 1024 | 0];
  };
  const table = paint.stops ? rampTable(paint.stops) : null;
  const classes = new Map((paint.classes ?? []).filter((c) => !c.clear).map((c) => [c.value, split(c.colour)]));
  const planes = order.map((b) => tile.bands[b]);
  for (let i = 0, o = 0; i < pixels; i++, o += 4) {
    const v = planes[0][i];
    out[o + 3] = 0;
    if (v !== v) continue;
    if (paint.kind === 'rgb') {
      if (planes[1][i] !== planes[1][i] || planes[2][i] !== planes[2][i]) continue;
      for (let c = 0; c < 3; c++) out[o + c] = at(planes[c][i], c);
    } else if (paint.kind === 'class') {
      const c = classes.get(v);
      if (!c) continue;
      [out[o], out[o + 1], out[o + 2]] = c;
    } else {
      const k = 3 * at(v, 0);
      out[o] = table[k], out[o + 1] = table[k + 1], out[o + 2] = table[k + 2];
    }
    out[o + 3] = 255;
  }
}

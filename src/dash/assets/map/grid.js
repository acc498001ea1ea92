// SPDX-License-Identifier: Apache-2.0
// Between pixels of a node's grid and the plane that the map shows: the ground, with
// pixels made square and north up; a picture without a CRS lies on a plane of its own.
import { Projection, TileGrid } from '../vendor/ol.js';

export const TILE = 256;

/** Name of the plane: grids with the same one lie on each other. */
export const planeOf = (g) => `${g.crs ?? 'picture'} ${(g.px / -g.py).toPrecision(9)}`;

const factor = (g) => g.px / -g.py;

export function extentOf(g) {
  const top = g.y * factor(g);
  return [g.x, top - g.px * g.height, g.x + g.px * g.width, top];
}
export const toPixel = (g, [x, y]) => [(x - g.x) / g.px, (g.y * factor(g) - y) / g.px];
export const fromPixel = (g, [c, r]) => [g.x + c * g.px, g.y * factor(g) - r * g.px];

export const projectionOf = (g) => new Projection({
  code: planeOf(g), units: 'm', extent: extentOf(g), metersPerUnit: 1, global: false,
});

/** `coarser`: the finest level is left out that many times. */
export function tileGridOf(g, coarser = 0) {
  const levels = Math.max(0, g.levels - coarser);
  const resolutions = Array.from({ length: levels + 1 }, (_, z) => g.px * 2 ** (g.levels - z));
  return new TileGrid({ extent: extentOf(g), origin: [extentOf(g)[0], extentOf(g)[3]], resolutions, tileSize: TILE });
}

/** Longitude and latitude at a pixel from the mesh of 9 x 9 points; null: unknown. */
export function lonlat(g, [column, row]) {
  if (!g.lonlat) return null;
  const u = Math.min(1, Math.max(0, column / g.width)) * 8, v = Math.min(1, Math.max(0, row / g.height)) * 8;
  const i = Math.min(7, Math.floor(u)), j = Math.min(7, Math.floor(v));
  const a = u - i, b = v - j;
  const at = (k, l, c) => g.lonlat[2 * ((j + l) * 9 + i + k) + c];
  const out = [0, 1].map((c) => (at(0, 0, c) * (1 - a) + at(1, 0, c) * a) * (1 - b)
    + (at(0, 1, c) * (1 - a) + at(1, 1, c) * a) * b);
  return out.every(Number.isFinite) ? out : null;
}

/** The pixel at a longitude and latitude: by Newton's steps over the mesh; null: none. */
export function pixelAt(g, [lon, lat]) {
  let at = [g.width / 2, g.height / 2];
  for (let turn = 0; turn < 12; turn++) {
    const step = Math.max(1, g.width / 64), here = lonlat(g, at);
    const right = lonlat(g, [at[0] + step, at[1]]), down = lonlat(g, [at[0], at[1] + step]);
    if (!here || !right || !down) return null;
    const [a, c] = [0, 1].map((k) => (right[k] - here[k]) / step), [b, d] = [0, 1].map((k) => (down[k] - here[k]) / step);
    const det = a * d - b * c, x = lon - here[0], y = lat - here[1];
    if (!det) return null;
    const next = [at[0] + (d * x - b * y) / det, at[1] + (a * y - c * x) / det];
    // The mesh ends at the edges: steps from there would lead nowhere.
    at = [Math.min(g.width - step - 1, Math.max(0, next[0])), Math.min(g.height - step - 1, Math.max(0, next[1]))];
  }
  const found = lonlat(g, at);
  return found && Math.hypot(found[0] - lon, found[1] - lat) < 0.01 ? at : null;
}

/** Metres on the ground that one unit of the plane stands for; 0: unknown. */
export function metresPerUnit(g) {
  if (!g.crs) return 0;
  if (!g.degrees) return 1;
  const middle = g.lonlat ? g.lonlat[2 * 40 + 1] : 0;
  return 111320 * Math.cos(middle * Math.PI / 180);
}

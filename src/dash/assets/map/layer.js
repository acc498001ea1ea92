// SPDX-License-Identifier: Apache-2.0
// One side of the map: a node's tiles under a stretch, by WebGL or by canvas. What was
// there stays until what comes has arrived.
import { DataTileSource, TileLayer, WebGLTileLayer } from '../vendor/ol.js';
import { load } from './tiles.js';
import { mix, paintInto, paintOf, style, variables } from './colour.js';
import { projectionOf, tileGridOf, TILE } from './grid.js';

function hasWebGL() {
  if (new URLSearchParams(location.hash.slice(1)).get('gl') === '0') return false;
  const gl = document.createElement('canvas').getContext('webgl');
  const is = gl?.getExtension('OES_texture_float');
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  return Boolean(is);
}
export const isWebGL = hasWebGL();

export class Side {
  constructor(map, name, zIndex, tell) {
    Object.assign(this, { map, name, zIndex, tell });
    this.now = null; // what is shown: {layer, source, what, …}
    this.before = null;
  }

  /** @param what {node, grid, on, bands, paint, stretch, coarser}; on: laid on another's grid */
  show(what) {
    if (this.now && this.isSame(what)) {
      this.restyle(what);
      return;
    }
    this.drop(this.before);
    this.before = this.now;
    this.before?.stop.abort();
    this.now = this.make(what);
    this.map.addLayer(this.now.layer);
    // A picture that never comes must not hold the old one for ever.
    this.now.timer = setTimeout(() => this.settle(), 4000);
  }

  isSame({ node, on, bands, coarser }) {
    const was = this.now.what;
    return was.node.key === node.key && was.on === on && was.coarser === coarser && was.bands.join() === bands.join();
  }

  make(what) {
    const { node, grid, on, bands, coarser } = what;
    const set = [...new Set(bands)].sort((a, b) => a - b);
    const order = bands.map((b) => set.indexOf(b));
    const made = { what, order, pictures: new Map(), stop: new AbortController(), underWay: 0, truths: new Map() };
    const projection = projectionOf(grid);
    const source = new DataTileSource({
      projection, tileGrid: tileGridOf(grid, coarser), tileSize: TILE, transition: 0, wrapX: false,
      interpolate: false, bandCount: bands.length + 1,
      loader: (z, x, y) => this.tile(made, `t/${node.key}/${z}/${x}/${y}.u16?b=${set.join()}${on}`),
    });
    const options = { source, className: this.name, zIndex: this.zIndex };
    made.layer = isWebGL
      ? new WebGLTileLayer({ ...options, style: style(what.paint, what.stretch), cacheSize: 256 })
      : new TileLayer(options);
    return made;
  }

  async tile(made, address) {
    made.underWay += 1;
    try {
      const tile = await load(address, made.stop.signal);
      made.truths.set(address, tile.truth);
      if (isWebGL) return mix(tile, made.order);
      const canvas = document.createElement('canvas');
      canvas.width = tile.width, canvas.height = tile.height;
      made.pictures.set(canvas, tile);
      this.repaint(made, canvas, tile);
      return canvas;
    } catch (error) {
      if (error.name !== 'AbortError') this.tell(error);
      throw new Error(error.text ?? 'left');
    } finally {
      made.underWay -= 1;
      if (!made.underWay) requestAnimationFrame(() => this.settle(made));
    }
  }

  /** All tiles are there: what was before may go. */
  settle(made = this.now) {
    if (made !== this.now || made.underWay) return;
    clearTimeout(made.timer);
    this.drop(this.before);
    this.before = null;
    this.tell(null, Math.max(0, ...made.truths.values()));
  }

  drop(old) {
    if (!old) return;
    old.stop.abort();
    clearTimeout(old.timer);
    this.map.removeLayer(old.layer);
    old.layer.dispose();
    old.pictures.clear();
  }

  restyle(what) {
    const was = this.now.what;
    this.now.what = what;
    if (isWebGL) {
      if (JSON.stringify(was.paint) !== JSON.stringify(what.paint)) this.now.layer.setStyle(style(what.paint, what.stretch));
      else this.now.layer.updateStyleVariables(variables(what.stretch));
      return;
    }
    for (const [canvas, tile] of this.now.pictures) this.repaint(this.now, canvas, tile);
    this.now.layer.changed();
  }

  repaint(made, canvas, tile) {
    const context = canvas.getContext('2d');
    const image = context.createImageData(tile.width, tile.height);
    paintInto(image, tile, made.order, made.what.paint, made.what.stretch);
    context.putImageData(image, 0, 0);
  }

  hide() {
    this.drop(this.before);
    this.drop(this.now);
    this.before = this.now = null;
  }

  /** Only the part left or right of `share` of the width is seen; null: all. */
  clip(share, isRight) {
    const cut = share === null ? 0 : (100 * (isRight ? share : 1 - share)).toFixed(3);
    const path = share === null ? '' : `inset(0 ${isRight ? 0 : cut}% 0 ${isRight ? cut : 0}%)`;
    for (const e of this.map.getViewport().querySelectorAll(`.${this.name}`)) e.style.clipPath = path;
  }
}

export { paintOf };

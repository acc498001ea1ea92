// SPDX-License-Identifier: Apache-2.0
// The map itself: two sides under one view, a pointer, a crosshair, a line.
import { Circle, Draw, Feature, Fill, interactions, LineString, OlMap, Point, Stroke, Style,
  VectorLayer, VectorSource, View } from '../vendor/ol.js';
import { batch, effect } from '../vendor/ui.js';
import { ask } from '../event.js';
import { resend } from '../change.js';
import { options } from '../address.js';
import * as store from '../store.js';
import { t } from '../words.js';
import { extentOf, fromPixel, lonlat, pixelAt, planeOf, projectionOf, toPixel } from './grid.js';
import { paintOf, Side } from './layer.js';

const REST_MS = 80;
const MAGNIFIED = 16; // a pixel of level 0 is at most so many on the screen

function marks(source) {
  const line = (color, width) => new Stroke({ color, width });
  const dot = (color, radius) => new Style({ image: new Circle({ radius, stroke: line(color, 2), fill: new Fill({ color: 'rgba(0,0,0,0)' }) }) });
  const style = [new Style({ stroke: line('#000', 4) }), new Style({ stroke: line('#ffd23f', 2) }), dot('#000', 7), dot('#ffd23f', 5.5)];
  return new VectorLayer({ source, style, zIndex: 9, className: 'marks' });
}

export class Live {
  constructor(target) {
    this.marks = new VectorSource();
    this.map = new OlMap({
      target, controls: [], layers: [marks(this.marks)], view: new View({ center: [0, 0], resolution: 1 }),
      interactions: interactions({ altShiftDragRotate: false, pinchRotate: false }), moveTolerance: 3,
    });
    this.failed = { left: null, right: null };
    this.sides = {
      left: new Side(this.map, 'nadir-left', 1, (e, truth) => this.told('left', e, truth)),
      right: new Side(this.map, 'nadir-right', 2, (e, truth) => this.told('right', e, truth)),
    };
    this.plane = null;
    this.watch();
  }

  told(name, error, truth) {
    if (error?.status === 404 && error.code === 'unknown-key' && !this.hasResent) {
      this.hasResent = true; // the server was started anew: tell it once what is set
      resend();
      return;
    }
    if (error) {
      store.failures.value = { ...store.failures.value, map: error };
      store.said.value = `${error.text ?? ''}. ${error.remedy ?? ''}`;
      return;
    }
    this.hasResent = false;
    if (name === 'left') store.truth.value = truth;
    if (store.failures.value.map) {
      const { map, ...others } = store.failures.value;
      store.failures.value = others;
    }
  }

  watch() {
    this.stops = [
      effect(() => this.showSide('left', store.left)),
      effect(() => this.showSide('right', store.right)),
      effect(() => this.clip()),
    ];
    this.map.on('moveend', () => this.moved());
    this.map.on('postrender', () => this.clip());
    this.map.on('pointermove', (e) => this.point(e.coordinate));
    this.map.on('click', (e) => store.tool.value === 'look' && this.inspect(e.coordinate));
    this.map.getViewport().addEventListener('pointerleave', () => { store.pointer.value = null; });
  }

  showSide(name, s) {
    const node = store.nodeOf(s), grid = store.gridOf(s);
    const isWanted = name === 'left' || store.isCompared.value;
    const bands = s.bands.value, ramp = s.ramp.value, stretch = s.stretch.value;
    const coarser = store.isDragging.value ? 1 : 0;
    if (!node || !grid || !isWanted) {
      this.sides[name].hide();
      return;
    }
    if (name === 'left') this.look(grid);
    // On another grid: the server lays it on that of the left side.
    const plane = name === 'right' ? store.gridOf(store.left) : grid;
    const isLaid = planeOf(grid) === this.plane;
    const canBeLaid = isLaid || (grid.crs && plane?.crs);
    if (name === 'right') store.said.value = canBeLaid ? '' : t('One of the two steps does not say where on Earth it lies');
    if (!canBeLaid) {
      this.sides[name].hide();
      return;
    }
    // Nothing to see before the first stretch is known.
    if (s.isAuto.value && !s.stats.value && !store.isKnown(s)) return;
    const shown = isLaid ? grid : plane;
    const z = coarser ? this.deepest(shown) : 0;
    this.sides[name].show({ node, grid: shown, on: isLaid ? '' : `&on=${plane.on}`, bands, paint: paintOf(node, bands, ramp), stretch, coarser: z });
  }

  /** How many of the finest levels a drag leaves out: one less than the screen shows. */
  deepest(grid) {
    const level = Math.log2(this.map.getView().getResolution() / grid.px);
    return Math.max(0, Math.min(grid.levels, Math.floor(Math.max(0, level)) + 1));
  }

  /** The view on another grid: the same ground as large as before; null: it is not there. */
  placeOn(grid) {
    const was = this.grid, view = this.map.getView();
    const at = was && lonlat(was, toPixel(was, view.getCenter())), pixel = at && pixelAt(grid, at);
    if (!pixel) return null;
    // Mercator's metre shrinks towards the poles: measured over a pixel, not by its name.
    const wide = (g, [c, r]) => {
      const a = lonlat(g, [c, r]), b = lonlat(g, [c + 1, r]);
      return a && b ? Math.hypot((b[0] - a[0]) * Math.cos(a[1] * Math.PI / 180), b[1] - a[1]) / g.px : 0;
    };
    const [old, now] = [wide(was, toPixel(was, view.getCenter())), wide(grid, pixel)];
    if (!old || !now) return null;
    return { center: fromPixel(grid, pixel), resolution: view.getResolution() * old / now };
  }

  look(grid) {
    if (this.plane === planeOf(grid)) return;
    const place = this.placeOn(grid);
    this.plane = planeOf(grid);
    this.grid = grid;
    // Pictures of the plane before would have to be bent to this one.
    for (const side of Object.values(this.sides)) side.hide();
    const extent = extentOf(grid);
    const view = new View({
      projection: projectionOf(grid), minResolution: grid.px / MAGNIFIED,
      maxResolution: 4 * Math.max((extent[2] - extent[0]) / 256, (extent[3] - extent[1]) / 256),
      constrainResolution: false, smoothResolutionConstraint: false, extent, constrainOnlyCenter: true,
    });
    this.map.setView(view);
    const at = (options.get('at') ?? '').split(',').map(Number); // x, y and, if it matters, the resolution
    if (!this.hasLooked && (at.length === 2 || at.length === 3) && at.every(Number.isFinite)) {
      view.setCenter(at.slice(0, 2));
      view.setResolution(at[2] ?? grid.px);
    } else if (place) {
      view.setCenter(place.center);
      view.setResolution(place.resolution);
    } else {
      view.fit(extent, { size: this.map.getSize() });
    }
    this.hasLooked = true;
    this.marks.clear();
  }

  clip() {
    const share = store.isCompared.value ? store.swipe.value : null;
    this.sides.right.clip(share, true);
    this.sides.left.clip(share, false);
  }

  moved() {
    const v = this.map.getView(), size = this.map.getSize();
    if (!size) return;
    const [x, y] = v.getCenter();
    store.view.value = { x, y, resolution: v.getResolution(), width: size[0], height: size[1] };
  }

  point(coordinate) {
    const grid = store.gridOf(store.left);
    if (!grid) return;
    const [column, row] = toPixel(grid, coordinate);
    const isInside = column >= 0 && row >= 0 && column < grid.width && row < grid.height;
    store.pointer.value = isInside
      ? { column: Math.floor(column), row: Math.floor(row), lonlat: lonlat(grid, [column, row]) } : null;
  }

  async inspect(coordinate) {
    const node = store.nodeOf(store.left), grid = store.gridOf(store.left);
    if (!node) return;
    const [x, y] = toPixel(grid, coordinate);
    this.cross = coordinate;
    this.mark('cross', new Point(coordinate));
    this.asked?.abort();
    this.asked = new AbortController();
    const band = store.left.bands.value[0];
    try {
      const answer = await ask(`t/${node.key}/at?b=${band}&x=${x}&y=${y}`, { signal: this.asked.signal });
      store.pixel.value = { ...answer, coordinate };
    } catch (error) {
      if (error.name !== 'AbortError') store.pixel.value = { error, nodes: [] };
    }
  }

  mark(id, geometry) {
    const old = this.marks.getFeatureById(id);
    if (old) this.marks.removeFeature(old);
    if (!geometry) return;
    const feature = new Feature(geometry);
    feature.setId(id);
    this.marks.addFeature(feature);
  }

  draw() {
    this.stopDrawing();
    store.tool.value = 'line';
    this.drawing = new Draw({ type: 'LineString', maxPoints: 2 });
    this.drawing.on('drawend', (e) => {
      const ends = e.feature.getGeometry().getCoordinates();
      this.stopDrawing();
      this.profile(ends[0], ends[ends.length - 1]);
    });
    this.map.addInteraction(this.drawing);
  }

  stopDrawing() {
    if (this.drawing) this.map.removeInteraction(this.drawing);
    this.drawing = null;
    // The click that ended the line must not inspect.
    setTimeout(() => { store.tool.value = 'look'; }, 300);
  }

  /** Through the middle of the view, for those who cannot draw. */
  profileAcross() {
    const [x0, y0, x1, y1] = this.map.getView().calculateExtent(this.map.getSize());
    this.profile([x0, (y0 + y1) / 2], [x1, (y0 + y1) / 2]);
  }

  async profile(from, to) {
    const node = store.nodeOf(store.left), grid = store.gridOf(store.left);
    const bands = store.left.bands.value;
    const ends = [...toPixel(grid, from), ...toPixel(grid, to)];
    this.mark('line', new LineString([from, to]));
    try {
      const answer = await ask(`t/${node.key}/line?b=${bands.join()}&p=${ends.join()}`);
      store.profile.value = { ...answer, grid, ends, names: bands.map((b) => node.bands[b].name), node: node.id };
    } catch (error) {
      store.profile.value = { error };
    }
  }

  zoom(by) {
    const view = this.map.getView();
    view.animate({ zoom: view.getZoom() + by, duration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 150 });
  }

  fit() {
    const grid = store.gridOf(store.left);
    if (grid) this.map.getView().fit(extentOf(grid), { size: this.map.getSize() });
  }

  pan(dx, dy) {
    const view = this.map.getView(), step = 80 * view.getResolution(), [x, y] = view.getCenter();
    view.setCenter(view.getConstrainedCenter([x + dx * step, y + dy * step]));
  }

  /** The crosshair: set in the middle, moved by arrows, a pixel at a time. */
  aim(dx = 0, dy = 0) {
    const grid = store.gridOf(store.left);
    if (!grid) return;
    const start = this.cross ?? this.map.getView().getCenter();
    const [c, r] = toPixel(grid, start).map(Math.floor);
    const step = Math.max(1, Math.round(this.map.getView().getResolution() / grid.px));
    this.inspect(fromPixel(grid, [c + 0.5 + dx * step, r + 0.5 - dy * step]));
  }

  close() {
    this.stops.forEach((stop) => stop());
    this.map.setTarget(null);
    this.map.dispose();
  }
}

/** After the last move of a slider the fine tiles are wanted. */
let resting = 0;
effect(() => {
  clearTimeout(resting);
  if (store.isDragging.value && store.values.value) {
    resting = setTimeout(() => batch(() => { store.isDragging.value = false; }), REST_MS * 3);
  }
});

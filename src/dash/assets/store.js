// SPDX-License-Identifier: Apache-2.0
// What the page knows: one signal per thing that can change.
import { batch, computed, signal } from './vendor/ui.js';

/** @typedef {{id:string, key:string, levels:string, level_error_percent?:number, level_error_at?:number, bands:object[], show:number[]}} Node */

export const page = signal(null); // the layout, once it is there
export const state = signal({ is: 'opening' }); // opening, ready, failed
export const graph = signal({ nodes: [], grids: [] });
export const share = signal('');
export const ramps = signal([]);

export const values = signal({}); // settings moved: {"step.name": text}
export const failures = signal({}); // {"step.name": {text, remedy}, "": …}
export const isSending = signal(false);
export const loading = signal(0); // tiles under way
export const asking = signal(0); // statistics under way
export const truth = signal(0); // worst of the tiles on screen: 0 exact … 3 blank
export const isDragging = signal(false);
export const said = signal(''); // the polite live region

/** What one side of the map shows. */
function side() {
  return {
    node: signal(''),
    bands: signal([0]), // one, or three: red, green, blue
    ramp: signal('grey'),
    stretch: signal({ low: [0, 0, 0], high: [1, 1, 1], gamma: 1 }),
    isAuto: signal(true),
    stats: signal(null),
  };
}
export const left = side();
export const right = side();
export const isCompared = signal(false);
export const swipe = signal(0.5);

export const view = signal(null); // {x, y, resolution, width, height} of the map
export const pointer = signal(null); // {lon, lat, column, row} under the mouse
export const pixel = signal(null); // the answer of /at
export const profile = signal(null); // the answer of /line, with its names
export const tool = signal('look'); // look, line

export const nodeOf = (s) => graph.value.nodes.find((n) => n.id === s.node.value);
export const gridOf = (s) => {
  const node = nodeOf(s);
  const band = node?.bands[s.bands.value[0]];
  return band ? graph.value.grids[band.grid] : null;
};
export const isChanged = computed(() => Object.keys(values.value).length > 0);

/** What is known of its values before any is seen: classes, or a range of its own. */
export const isKnown = (s) => {
  const bands = s.bands.value, band = nodeOf(s)?.bands[bands[0]];
  return bands.length === 1 && Boolean(band?.range || band?.kind === 'class');
};

/** Shows another node on a side, as it likes to be seen first. */
export function showNode(s, id) {
  const node = graph.value.nodes.find((n) => n.id === id);
  if (!node) return;
  const before = nodeOf(s)?.bands[s.bands.value[0]];
  batch(() => { // a step with another's bands is never seen
    s.node.value = id;
    showBands(s, node.show.length ? node.show : [0], before);
  });
}

/** Other bands of the node; one that has colours and a range of its own brings them. */
export function showBands(s, bands, before = nodeOf(s)?.bands[s.bands.value[0]]) {
  const band = bands.length === 1 ? nodeOf(s)?.bands[bands[0]] : null;
  batch(() => {
    s.bands.value = bands;
    s.isAuto.value = true;
    s.stats.value = null;
    if (band?.range) s.stretch.value = { low: Array(3).fill(band.range[0]), high: Array(3).fill(band.range[1]), gamma: 1 };
    if (band?.ramp) s.ramp.value = band.ramp;
    else if (before?.ramp === s.ramp.value) s.ramp.value = 'grey';
  });
}

// SPDX-License-Identifier: Apache-2.0
// The map with its buttons, what stands under the pointer, scale, locator and swipe.
import { html, useEffect, useRef } from '../vendor/ui.js';
import * as store from '../store.js';
import { number, t } from '../words.js';
import { Live } from '../map/live.js';
import { metresPerUnit } from '../map/grid.js';
import { draw, outlineOf } from '../map/locator.js';
import { isWebGL } from '../map/layer.js';
import { Downloads } from './share.js';

/** How far off a preview may be, where that was measured and is worth a word. */
export function approximate(nodes) {
  const worst = nodes.reduce((a, b) => ((b?.level_error_percent ?? 0) > (a?.level_error_percent ?? 0) ? b : a), null);
  if (!(worst?.level_error_percent > 1)) return t('Approximate at this zoom');
  return t('Approximate: its roughest step lies within {0} percent of the range at level {1}, measured on a test scene',
    number(worst.level_error_percent, 3), worst.level_error_at);
}

const shown = () => [store.nodeOf(store.left), store.isCompared.value ? store.nodeOf(store.right) : null];
const truths = () => ['', approximate(shown()), t('Centre only: zoom in'), t('Too much for this zoom: zoom in')];

function Scale({ grid }) {
  const v = store.view.value, metres = v && metresPerUnit(grid) * v.resolution;
  if (!metres) return null;
  const most = metres * 120, ten = 10 ** Math.floor(Math.log10(most));
  const long = [5, 2, 1].map((n) => n * ten).find((n) => n <= most);
  const text = long >= 1000 ? `${number(long / 1000)} km` : `${number(long)} m`;
  return html`<div class="scale" style=${{ width: `${(long / metres).toFixed(1)}px` }}>${text}</div>`;
}

function Under() {
  const p = store.pointer.value;
  if (!p) return null;
  const [lon, lat] = p.lonlat ?? [];
  const degree = (d, plus, minus) => `${Math.abs(d).toFixed(5)}° ${d < 0 ? minus : plus}`;
  return html`<div class="under">
    ${p.lonlat && html`<span>${degree(lat, t('N'), t('S'))} ${degree(lon, t('E'), t('W'))}</span>`}
    <span>${t('column {0}, row {1}', p.column, p.row)}</span>
  </div>`;
}

function Locator({ grid }) {
  const canvas = useRef();
  const outline = outlineOf(grid);
  const lon = outline?.[0][0], lat = outline?.[0][1];
  useEffect(() => { if (outline) draw(canvas.current, outline); }, [lon, lat, document.documentElement.dataset.theme]);
  if (!outline) return null;
  return html`<canvas class="locator" ref=${canvas} role="img"
    aria-label=${t('Where on the Earth: {0} N, {1} E', lat.toFixed(1), lon.toFixed(1))}></canvas>`;
}

function Swipe() {
  if (!store.isCompared.value) return null;
  const at = store.swipe.value;
  const drag = (e) => {
    if (!e.buttons) return;
    const box = e.currentTarget.parentNode.getBoundingClientRect();
    store.swipe.value = Math.min(0.98, Math.max(0.02, (e.clientX - box.left) / box.width));
  };
  return html`<div class="swipe" style=${{ left: `${at * 100}%` }}
      onPointerDown=${(e) => e.currentTarget.setPointerCapture(e.pointerId)} onPointerMove=${drag}>
    <input type="range" min="2" max="98" value=${Math.round(at * 100)} aria-label=${t('Swipe between the two steps')}
      onInput=${(e) => { store.swipe.value = e.target.value / 100; }} />
    <span aria-hidden="true">⇔</span>
  </div>`;
}

function keys(live) {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const words = {
    '+': () => live.zoom(1), '=': () => live.zoom(1), '-': () => live.zoom(-1), 0: () => live.fit(),
    '[': () => { store.swipe.value = Math.max(0.02, store.swipe.value - 0.02); },
    ']': () => { store.swipe.value = Math.min(0.98, store.swipe.value + 0.02); },
    i: () => live.aim(), p: () => live.profileAcross(),
    Escape: () => { live.stopDrawing(); live.cross = null; live.mark('cross'); store.pixel.value = null; },
  };
  return (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.tagName === 'INPUT') return;
    const move = moves[e.key];
    if (move && live.cross) live.aim(...move);
    else if (move) live.pan(...move);
    else if (words[e.key]) words[e.key]();
    else return;
    e.preventDefault();
  };
}

export function map() {
  const target = useRef(), live = useRef();
  useEffect(() => {
    live.current = new Live(target.current);
    return () => live.current.close();
  }, []);
  const grid = store.gridOf(store.left), failure = store.failures.value.map;
  const isBusy = store.loading.value > 0 || store.asking.value > 0 || store.isSending.value;
  const call = (name, ...words) => () => live.current[name](...words);
  return html`<section class="map" aria-label=${t('Map')}>
    <div class="canvas" ref=${target} tabindex="0" role="application" data-gl=${isWebGL ? 'webgl' : 'canvas'}
      aria-label=${t('Map: arrows move, plus and minus zoom, i inspects, p draws a profile, brackets swipe')}
      onKeyDown=${(e) => keys(live.current)(e)}></div>
    <${Swipe} />
    <div class="tools" role="toolbar" aria-label=${t('Map tools')}>
      <button onClick=${call('zoom', 1)} title=${t('Zoom in')} aria-label=${t('Zoom in')}>+</button>
      <button onClick=${call('zoom', -1)} title=${t('Zoom out')} aria-label=${t('Zoom out')}>−</button>
      <button onClick=${call('fit')} title=${t('Show all')} aria-label=${t('Show all')}>⤢</button>
      <button onClick=${call('draw')} aria-pressed=${store.tool.value === 'line'} title=${t('Profile along a line')}
        aria-label=${t('Profile along a line')}>╱</button>
      <button onClick=${call('profileAcross')} title=${t('Profile across the view')} aria-label=${t('Profile across the view')}>↔</button>
    </div>
    <${Downloads} />
    <div class="foot">
      ${grid && html`<${Scale} grid=${grid} />`}
      <${Under} />
      ${store.truth.value > 0 && html`<div class="truth">${truths()[store.truth.value]}</div>`}
    </div>
    ${grid && html`<${Locator} grid=${grid} />`}
    ${isBusy && html`<div class="busy" aria-hidden="true"></div>`}
    ${failure && html`<p class="failure overlay">${failure.text}${failure.remedy && html`<br />${failure.remedy}`}</p>`}
  </section>`;
}

// SPDX-License-Identifier: Apache-2.0
// What each side of the map shows: step, bands, colours and how they are stretched.
import { batch, effect, html } from '../vendor/ui.js';
import { ask } from '../event.js';
import * as store from '../store.js';
import { number, t } from '../words.js';

// ---- The stretch that suits: 2 to 98 percent; three bands share one, so grey stays grey.
function suits(stats, isColour, range) {
  if (range) return { low: Array(3).fill(range[0]), high: Array(3).fill(range[1]), gamma: 1 };
  const known = stats.filter((s) => s.count);
  if (!known.length) return { low: [0, 0, 0], high: [1, 1, 1], gamma: 1 };
  const all = (of) => [0, 1, 2].map((i) => (stats[Math.min(i, stats.length - 1)][of] ?? 0));
  if (!isColour) {
    const low = all('p2'), high = all('p98').map((h, i) => (h > low[i] ? h : low[i] + 1));
    return { low, high, gamma: 1 };
  }
  let low = Math.min(...known.map((s) => s.p2));
  const high = Math.max(...known.map((s) => s.p98));
  if (low > 0 && low < high / 4) low /= 2;
  return { low: [low, low, low], high: [high, high, high].map((h) => (h > low ? h : low + 1)), gamma: 1.5 };
}

const isTrueColour = (node, bands) => bands.length === 3 && bands.every((b, i) =>
  Math.abs((node.bands[b].nm ?? [665, 560, 490][i]) - [665, 560, 490][i]) < 30);

const rangeOf = (node, bands) => (bands.length === 1 ? node.bands[bands[0]].range : undefined);

/** Asks for statistics when the picture changes and nobody drags. */
function follow(s) {
  let asked, last = '';
  effect(() => {
    const node = store.nodeOf(s), bands = s.bands.value;
    const isWanted = s === store.left || store.isCompared.value;
    if (!node || !isWanted || store.isDragging.value) return;
    const name = `${node.key}:${bands}`;
    if (name === last) return;
    last = name;
    asked?.abort();
    if (node.bands[bands[0]].kind === 'class' && bands.length === 1) return; // no stretch
    asked = new AbortController();
    store.asking.value = store.asking.peek() + 1;
    ask(`t/${node.key}/stats?b=${bands.join()}`, { signal: asked.signal }).then((answer) => batch(() => {
      s.stats.value = answer;
      if (s.isAuto.value) s.stretch.value = suits(answer.bands, isTrueColour(node, bands), rangeOf(node, bands));
    }), (error) => {
      if (error.name === 'AbortError') return;
      last = '';
      store.failures.value = { ...store.failures.value, map: error };
    }).finally(() => { store.asking.value -= 1; });
  });
}
follow(store.left);
follow(store.right);

function Histogram({ s }) {
  const stats = s.stats.value?.bands ?? [], { low, high } = s.stretch.value;
  const known = stats.filter((b) => b.histogram);
  if (!known.length) return null;
  const from = Math.min(...known.map((b) => b.low)), to = Math.max(...known.map((b) => b.high));
  const tones = known.length === 3 ? ['red', 'green', 'blue'] : ['one'];
  const x = (v) => 200 * (v - from) / ((to - from) || 1);
  const path = (b) => {
    const most = Math.max(...b.histogram), wide = (b.high - b.low) / b.histogram.length;
    return `M${x(b.low)},50${b.histogram.map((n, i) => `L${x(b.low + (i + 0.5) * wide).toFixed(1)},${(50 - 46 * n / most).toFixed(1)}`).join('')}L${x(b.high)},50Z`;
  };
  return html`<svg class="histogram" viewBox="0 0 200 50" preserveAspectRatio="none" role="img"
      aria-label=${t('Values from {0} to {1}; shown from {2} to {3}', number(from, 4), number(to, 4), number(low[0], 4), number(high[0], 4))}>
    ${known.map((b, i) => html`<path class=${tones[i]} d=${path(b)} />`)}
    <path class="ends" d=${`M${x(low[0])},0V50M${x(high[0])},0V50`} />
  </svg>`;
}

function Stretch({ s }) {
  const stretch = s.stretch.value, stats = s.stats.value?.bands ?? [];
  const from = Math.min(...stats.map((b) => b.low ?? 0), stretch.low[0]);
  const to = Math.max(...stats.map((b) => b.high ?? 1), stretch.high[0]);
  const step = 10 ** Math.floor(Math.log10(((to - from) || 1) / 200));
  const set = (end, value) => batch(() => {
    s.isAuto.value = false;
    s.stretch.value = { ...stretch, [end]: [value, value, value] };
  });
  const End = ({ end, label }) => html`<label class="end"><span>${label}</span>
    <input type="range" min=${from} max=${to} step=${step} value=${stretch[end][0]} onInput=${(e) => set(end, +e.target.value)} />
    <input type="number" step="any" aria-label=${t('{0}, as a number', label)} value=${+stretch[end][0].toPrecision(4)} onChange=${(e) => set(end, +e.target.value)} /></label>`;
  return html`<div class="stretch" role="group" aria-label=${t('Stretch')}>
    <${Histogram} s=${s} />
    ${End({ end: 'low', label: t('Darkest') })}${End({ end: 'high', label: t('Brightest') })}
    <label class="end"><span>${t('Gamma')}</span><input type="range" min="0.3" max="3" step="0.05" value=${stretch.gamma}
      onInput=${(e) => { s.stretch.value = { ...stretch, gamma: +e.target.value }; }} /></label>
    <button aria-pressed=${s.isAuto.value} onClick=${() => batch(() => {
      s.isAuto.value = true;
      const node = store.nodeOf(s);
      if (s.stats.value && node) s.stretch.value = suits(s.stats.value.bands, isTrueColour(node, s.bands.value), rangeOf(node, s.bands.value));
    })}>${t('Stretch by itself')}</button>
  </div>`;
}

function Bands({ s, node }) {
  const bands = s.bands.value, isColour = bands.length === 3;
  const set = (i, b) => batch(() => store.showBands(s, bands.map((old, k) => (k === i ? b : old))));
  const mode = (wants) => batch(() => {
    const same = node.bands.map((b, i) => [b, i]).filter(([b]) => !b.missing && b.grid === node.bands[bands[0]].grid).map(([, i]) => i);
    store.showBands(s, wants ? (node.show.length === 3 ? node.show : [0, 1, 2].map((i) => same[i] ?? same[0])) : [bands[0]]);
  });
  const labels = isColour ? [t('Red'), t('Green'), t('Blue')] : [t('Band')];
  const fits = (b, i) => !b.missing && (!isColour || i === 0 || b.grid === node.bands[bands[0]].grid);
  return html`<div class="bands">
    ${node.bands.length >= 3 && html`<label><span>${t('Colour')}</span><select onChange=${(e) => mode(e.target.value === '3')}>
      <option value="1" selected=${!isColour}>${t('One band')}</option><option value="3" selected=${isColour}>${t('Three bands')}</option></select></label>`}
    ${labels.map((label, i) => html`<label key=${i}><span>${label}</span><select onChange=${(e) => set(i, +e.target.value)}>
      ${node.bands.map((b, k) => html`<option value=${k} selected=${bands[i] === k} disabled=${!fits(b, i)}>${b.name}${b.unit ? ` (${b.unit})` : ''}</option>`)}</select></label>`)}
    ${!isColour && node.bands[bands[0]]?.kind !== 'class' && html`<label><span>${t('Ramp')}</span><select onChange=${(e) => { s.ramp.value = e.target.value; }}>
      ${store.ramps.value.map((r) => html`<option value=${r.name} selected=${r.name === s.ramp.value} title=${t(r.help)}>${r.name}</option>`)}</select></label>`}
  </div>`;
}

/** What classes of the program's own operators mean; those of others speak for themselves. */
const meanings = () => new Map([
  ['What a pixel was wrongly taken for', t('What a pixel was wrongly taken for')],
  ['What is known of the ground', t('What is known of the ground')],
  ['Most probable class', t('Most probable class')],
  ['right', t('right')],
]);

function Legend({ s, node }) {
  const band = node.bands[s.bands.value[0]];
  if (s.bands.value.length === 3 || !band) return null;
  const css = (c) => `#${c.toString(16).padStart(6, '0')}`;
  if (band.kind === 'class' && band.labels) {
    return html`${band.help && html`<p class="help">${meanings().get(band.help) ?? band.help}</p>`}<ul class="legend">${band.labels.map((l) => html`<li><span class=${`chip${l.clear ? ' clear' : ''}`} style=${l.clear ? {} : { background: css(l.colour) }}></span>${t(l.name)}</li>`)}</ul>`;
  }
  const ramp = store.ramps.value.find((r) => r.name === s.ramp.value);
  const { low, high } = s.stretch.value;
  return ramp && html`<div class="ramp"><span>${number(low[0], 3)}</span>
    <span class="paint" style=${{ background: `linear-gradient(to right, ${ramp.stops.map(css).join()})` }}></span><span>${number(high[0], 3)}</span></div>`;
}

function Shown({ s, title }) {
  const node = store.nodeOf(s);
  if (!node) return null;
  return html`<fieldset class="shown"><legend>${title}</legend>
    <label><span>${t('Step')}</span><select onChange=${(e) => batch(() => store.showNode(s, e.target.value))}>
      ${store.graph.value.nodes.map((n) => html`<option value=${n.id} selected=${n.id === node.id}>${n.id}</option>`)}</select></label>
    <${Bands} s=${s} node=${node} />
    <${Legend} s=${s} node=${node} />
    ${node.bands[s.bands.value[0]]?.kind !== 'class' && html`<${Stretch} s=${s} />`}
  </fieldset>`;
}

/** The first comparison of a step with itself begins with another band of it. */
function compare(isWanted) {
  batch(() => {
    store.isCompared.value = isWanted;
    const node = store.nodeOf(store.right), shown = store.left.bands.value;
    if (!isWanted || !node || store.left.node.value !== node.id || store.right.bands.value.join() !== shown.join()) return;
    const other = node.bands.findIndex((b, i) => !b.missing && !shown.includes(i) && b.grid === node.bands[shown[0]].grid);
    if (other >= 0) store.showBands(store.right, [other]);
  });
}

export function layers() {
  return html`<section class="layers" aria-labelledby="layers-title">
    <h2 id="layers-title">${t('What is shown')}</h2>
    <${Shown} s=${store.left} title=${store.isCompared.value ? t('Left') : t('Map')} />
    <label class="compare"><input type="checkbox" checked=${store.isCompared.value}
      onChange=${(e) => compare(e.target.checked)} /> ${t('Compare with another step or band')}</label>
    ${store.isCompared.value && html`<${Shown} s=${store.right} title=${t('Right')} />`}
  </section>`;
}

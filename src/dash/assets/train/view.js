// SPDX-License-Identifier: Apache-2.0
// The page as a whole: runs on the left, curves, confusion and pictures beside them.
import { html, useEffect, useRef } from '../vendor/ui.js';
import { Head } from '../parts/head.js';
import { number, t } from '../words.js';
import { Chart, colourOf, dashOf } from './chart.js';
import { figures, metricsOf, nearest, smooth } from './curves.js';
import { Confusion, Pictures, Rate } from './pictures.js';
import { Current, duration, Runs } from './run.js';
import * as store from './store.js';
import { loadDetail } from './stream.js';

const at = (epoch, axis, curve) => {
  if (axis === 'epoch') return epoch.epoch + 1;
  if (axis === 'step' || !curve.step.length) return epoch.step ?? NaN;
  return curve.time[nearest(curve.step, epoch.step)];
};

/** What was made of a curve is kept until it grows: of ten runs one or two do. */
const made = new WeakMap();
function kept(curve, name, how, make) {
  const lines = made.get(curve) ?? new Map();
  made.set(curve, lines);
  const stamp = `${curve.changes} ${how}`;
  if (lines.get(name)?.stamp !== stamp) lines.set(name, { stamp, line: make() });
  return lines.get(name).line;
}

const FEW = 3; // runs whose spread can be told apart

/** The chosen run comes last, over all others, and is wider than they are. */
const inOrder = () => [...store.shown.value].sort((a, b) => (a.id === store.chosen.value) - (b.id === store.chosen.value));
const widthOf = (run) => (run.id === store.chosen.value && store.shown.value.length > 1 ? 1.5 : 1);

/** A series of each run that is shown: a smoothed mean, and what lies between low and high. */
function growing(name, share = store.smoothing.value) {
  const s = store.series.value.indexOf(name), axis = store.axis.value, shown = inOrder();
  return shown.map((run) => {
    const curve = (store.zoom.value && run.detail) || run.curve;
    const hasSpread = shown.length <= FEW || run.id === store.chosen.value;
    return kept(curve, name, `${axis} ${share} ${hasSpread} ${widthOf(run)}`, () => ({
      name: run.name, x: curve[axis], y: smooth(curve[axis], curve.mean[s], share),
      low: hasSpread && curve.low[s], high: hasSpread && curve.high[s], colour: colourOf(run.id), dash: dashOf(run.id), width: 1.8 * widthOf(run),
    }));
  });
}

/** A figure of each epoch. */
function steps(side, name) {
  return inOrder().map((run) => {
    const known = run.epochs.value.filter((e) => typeof e[side]?.[name] === 'number');
    return {
      name: `${run.name} ${side === 'valid' ? t('validation') : ''}`.trim(), colour: colourOf(run.id), dash: [3, 3], isDotted: true, width: 1.4 * widthOf(run),
      x: known.map((e) => at(e, store.axis.value, run.curve)), y: known.map((e) => e[side][name]),
    };
  });
}

const axisText = (v) => (store.axis.value === 'time' ? duration(v) : number(v, 6));

function setZoom(window) {
  store.zoom.value = window;
  for (const run of store.shown.value) {
    run.detail = null;
    if (!window) continue;
    const x = run.curve[store.axis.value], i = nearest(x, window[0]), k = nearest(x, window[1]);
    if (i >= 0) loadDetail(run, run.curve.step[Math.max(0, i - 1)], run.curve.step[Math.min(x.length - 1, k + 1)]);
  }
}

function summary(lines) {
  const words = lines.map((line) => {
    const f = figures(line);
    return f && t('{0} from {1} to {2}, least {3} at {4}', line.name, number(f.first, 4), number(f.last, 4), number(f.least, 4), axisText(f.leastAt));
  }).filter(Boolean).join('; ');
  return { text: words || t('Nothing yet'), isEmpty: !words };
}

const SUMMARY_MS = 2000; // nobody reads words ten times a second

function Curves({ title, lines, canLog = true }) {
  const words = useRef({ at: -Infinity });
  const what = `${title}${store.axis.value}${store.smoothing.value}${store.zoom.value}${store.shown.value.length}`;
  if (words.current.isEmpty || words.current.what !== what || performance.now() - words.current.at > SUMMARY_MS)
    words.current = { what, at: performance.now(), ...summary(lines) };
  const spec = {
    title, lines, summary: words.current.text, isEmpty: words.current.isEmpty, window: store.zoom.value, isLog: canLog && store.isLog.value, xText: axisText,
    cursor: store.cursor, onZoom: setZoom, say: (words) => { store.said.value = words; },
  };
  return html`<${Chart} spec=${spec} tick=${store.tick.value} />`;
}

function Charts() {
  const names = metricsOf(store.shown.value.map((r) => r.epochs.value));
  const metric = names.includes(store.metric.value) ? store.metric.value : names[0];
  const choice = names.length > 1 && html`<label class="metric">${t('Metric')} <select onChange=${(e) => { store.metric.value = e.target.value; }}>
    ${names.map((n) => html`<option value=${n} selected=${n === metric}>${n}</option>`)}</select></label>`;
  void store.tick.value;
  return html`<div class="charts">
    <${Curves} title=${t('Loss')} lines=${[...growing('loss'), ...steps('valid', 'loss')]} />
    <div>${choice}<${Curves} title=${metric ? t('Validation: {0}', metric) : t('Validation')} lines=${metric ? steps('valid', metric) : []} canLog=${false} /></div>
    <${Curves} title=${t('Learning rate')} lines=${growing('lr', 0)} />
    <${Curves} title=${t('Pictures per second')} lines=${growing('img_s')} canLog=${false} />
    <${Curves} title=${t('Norm of the gradient')} lines=${growing('grad_norm')} />
    <${Curves} title=${t('Share of time waiting for data')} lines=${growing('wait')} canLog=${false} />
  </div>`;
}

function Settings() {
  const axes = { step: t('step'), time: t('time'), epoch: t('epoch') };
  return html`<section aria-labelledby="look-title"><h2 id="look-title">${t('Curves')}</h2>
    <label class="setting"><span>${t('Smoothing')}</span><input type="range" min="0" max="0.3" step="0.005" value=${store.smoothing.value}
      aria-valuetext=${t('{0} percent of what is shown', number(100 * store.smoothing.value, 3))}
      onInput=${(e) => { store.smoothing.value = +e.target.value; }} /><output>${number(100 * store.smoothing.value, 3)} %</output></label>
    <label class="setting"><span>${t('Along')}</span><select onChange=${(e) => { setZoom(null); store.axis.value = e.target.value; }}>
      ${Object.entries(axes).map(([value, words]) => html`<option value=${value} selected=${value === store.axis.value}>${words}</option>`)}</select></label>
    <label class="setting check"><input type="checkbox" checked=${store.isLog.value} onChange=${(e) => { store.isLog.value = e.target.checked; }} /> ${t('Logarithmic')}</label>
    ${store.zoom.value && html`<button onClick=${() => setZoom(null)}>${t('Show all')}</button>`}
    <p class="hint">${t('Draw over a chart to zoom; arrows read values, 0 shows all')}</p>
  </section>`;
}

function Epochs() {
  const run = store.current.value, epochs = run?.epochs.value ?? [];
  if (!epochs.length) return null;
  const names = [...new Set(epochs.slice(-1).flatMap((e) => ['train', 'valid', 'ema'].flatMap((side) =>
    Object.entries(e[side] ?? {}).filter(([, v]) => typeof v === 'number').map(([name]) => `${side} ${name}`))))];
  const value = (e, name) => { const [side, ...rest] = name.split(' '); return e[side]?.[rest.join(' ')] ?? null; };
  return html`<details class="epochs"><summary>${t('Epochs as a table')}</summary>
    <div class="scroll" tabindex="0" role="group" aria-label=${t('Epochs as a table')}><table>
    <thead><tr><th scope="col">${t('Epoch')}</th>${names.map((n) => html`<th scope="col">${n}</th>`)}<th scope="col">s</th></tr></thead>
    <tbody>${epochs.slice(-300).map((e) => html`<tr><th scope="row">${number(e.epoch)}</th>${names.map((n) => html`<td>${number(value(e, n), 5)}</td>`)}<td>${number(e.seconds ?? null, 4)}</td></tr>`)}</tbody>
  </table></div></details>`;
}

function Link() {
  const is = store.link.value;
  useEffect(() => { document.body.dataset.link = is; }, [is]);
  return is === 'away' && html`<p class="failure away" role="alert">${t('The server does not answer; what is shown stands still')}</p>`;
}

export function App() {
  const state = store.state.value;
  if (state.is !== 'ready') {
    return html`<main class="wait"><h1>nadir</h1>${state.is === 'opening'
      ? html`<p role="status">${t('Opening …')}</p>`
      : html`<p role="alert" class="failure">${state.text}<br />${state.remedy}</p>`}</main>`;
  }
  const runs = store.runs.value;
  return html`<a class="skip" href="#stage" onClick=${(e) => { e.preventDefault(); document.getElementById('stage').focus(); }}>${t('Skip to the curves')}</a>
    <${Head} title=${runs.length === 1 ? runs[0].name : t('{0} runs', runs.length)} other=${store.hasMap.value && { href: 'map', text: t('Map') }} />
    <div class="shell training">
      <aside aria-label=${t('Runs')}><div class="column"><${Current} /><${Runs} /><${Settings} /></div></aside>
      <main id="stage" class="train" tabindex="-1"><${Link} /><${Charts} /><${Epochs} />
        <div class="below"><div><${Confusion} /><${Rate} /></div><${Pictures} /></div></main>
    </div>
    <p class="unseen" role="status" aria-live="polite">${store.said.value}</p>`;
}

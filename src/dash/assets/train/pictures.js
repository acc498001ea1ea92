// SPDX-License-Identifier: Apache-2.0
// What the run gets wrong: confusion matrix, pictures with truth and prediction, and the
// curve of the range test.
import { html, signal, useEffect, useState } from '../vendor/ui.js';
import { ask } from '../event.js';
import { number, t } from '../words.js';
import { Chart } from './chart.js';
import { metricsOf } from './curves.js';
import * as store from './store.js';

/** A file of the run, asked for again when it changes. */
function usePart(run, name) {
  const version = run?.parts.value[name] ?? 0;
  const [part, setPart] = useState(null);
  useEffect(() => {
    if (!version) {
      setPart(null);
      return undefined;
    }
    const stop = new AbortController();
    ask(`api/runs/${run.id}/${name}`, { signal: stop.signal }).then((value) => setPart({ ...value, run: run.id, version }),
      (error) => error.name === 'AbortError' || error.status === 404 || setPart({ error, run: run.id }));
    return () => stop.abort();
  }, [run?.id, name, version]);
  return part?.run === run?.id ? part : null;
}

const Failure = ({ error }) => html`<p class="failure">${error.text}<br />${error.remedy}</p>`;

// ---- The confusion matrix: rows are the truth.
const classes = signal([]); // of the chosen run, for names and colours elsewhere

const nameOf = (value) => (typeof value === 'number' ? classes.value[value]?.name ?? String(value) : value ?? '–');

function Cell({ count, sum, i, j }) {
  const picked = store.cell.value;
  const isPicked = picked?.truth === i && picked?.prediction === j;
  const share = sum > 0 ? count / sum : 0;
  const [truth, prediction] = [nameOf(i), nameOf(j)];
  const style = { background: `color-mix(in srgb, var(${i === j ? '--strong' : '--bad'}) ${Math.round(45 * Math.sqrt(share))}%, var(--back))` };
  const pick = () => {
    store.cell.value = isPicked ? null : { truth: i, prediction: j };
    store.said.value = isPicked ? '' : t('{0} taken for {1}: {2}', truth, prediction, number(count));
  };
  return html`<td><button class="cell" style=${style} aria-pressed=${isPicked} title=${`${truth} → ${prediction}`}
    aria-label=${t('{0} taken for {1}: {2}', truth, prediction, number(count))} onClick=${pick}>${count ? number(count, 4) : ''}</button></td>`;
}

function Matrix({ part }) {
  // Classes without colours of their own are all black.
  const hasColours = new Set(part.classes.map((c) => c.color)).size > 1;
  const chip = (c) => hasColours && c.color && html`<span class="chip" style=${{ background: c.color }}></span>`;
  const [low, high] = part.ci95 ?? [];
  return html`
    <p class="place">${part.accuracy !== undefined && html`${t('accuracy')} <b>${number(part.accuracy, 4)}</b>`}
      ${low !== undefined && html` (${number(low, 4)} – ${number(high, 4)})`}
      ${part.n !== undefined && html` · ${t('{0} samples', number(part.n))}`}${part.epoch !== undefined && html` · ${t('epoch {0}', number(part.epoch))}`}</p>
    <div class="scroll" tabindex="0" role="group" aria-label=${t('Confusion matrix')}><table class="matrix">
      <thead><tr><th scope="col">${t('truth ╲ prediction')}</th>${part.classes.map((c) => html`<th scope="col" class="down"><span>${chip(c)}${c.name}</span></th>`)}</tr></thead>
      <tbody>${part.matrix.map((row, i) => {
        const sum = row.reduce((a, b) => a + (b ?? 0), 0);
        return html`<tr><th scope="row">${chip(part.classes[i])}${part.classes[i].name}</th>${row.map((count, j) => html`<${Cell} count=${count ?? 0} sum=${sum} i=${i} j=${j} />`)}</tr>`;
      })}</tbody></table></div>`;
}

export function Confusion() {
  const run = store.current.value, part = usePart(run, 'confusion');
  useEffect(() => { classes.value = part?.classes ?? []; }, [part]);
  if (run && metricsOf([run.epochs.value]).includes('rmse')) return null; // values are no classes
  return html`<section class="confusion" aria-labelledby="confusion-title"><h2 id="confusion-title">${t('Confusion')}</h2>
    ${!part && html`<p class="hint">${t('After the first epoch: what is taken for what')}</p>`}
    ${part?.error ? html`<${Failure} error=${part.error} />` : part && html`<${Matrix} part=${part} />`}
  </section>`;
}

// ---- Pictures.
function Place({ row }) {
  if (row.lat === undefined) return null;
  const words = `${Math.abs(row.lat).toFixed(3)}° ${row.lat < 0 ? t('S') : t('N')} ${Math.abs(row.lon).toFixed(3)}° ${row.lon < 0 ? t('W') : t('E')}`;
  return row.map ? html`<a href=${`map#at=${row.map.join()}`}>${words}</a>` : html`<span>${words}</span>`;
}

function Picture({ row, run, version }) {
  const truth = nameOf(row.truth), prediction = nameOf(row.prediction);
  const hasLabel = row.truth !== undefined;
  const isRight = truth === prediction;
  return html`<li><figure>
    ${row.picture && html`<img src=${`api/runs/${run}/pictures/${row.picture}?v=${version}`} loading="lazy"
      alt=${hasLabel ? t('{0}: truth {1}, prediction {2}', row.name ?? row.picture, truth, prediction) : row.name ?? row.picture} />`}
    <figcaption>
      ${hasLabel && html`<span class=${isRight ? 'right' : 'wrong'}>${isRight ? '✓' : '✗'} ${truth}${!isRight && html` → ${prediction}`}</span>`}
      <span class="figures">${row.confidence !== undefined && html`${t('sure')} ${number(row.confidence, 3)} `}${row.loss !== undefined && html`${t('loss')} ${number(row.loss, 3)}`}</span>
      <span class="figures" title=${row.name}>${row.name}</span>
      <${Place} row=${row} />
    </figcaption></figure></li>`;
}

const isOf = (row, cell) => [['truth', cell.truth], ['prediction', cell.prediction]].every(([key, i]) =>
  row[key] === i || row[key] === classes.value[i]?.name);

export function Pictures() {
  const run = store.current.value, kind = store.gallery.value, cell = store.cell.value;
  const worst = usePart(run, 'worst'), sample = usePart(run, 'sample');
  const part = kind === 'worst' ? worst : sample;
  // A cell shows whatever there is of it, from both lists.
  const all = [worst, sample].filter((p) => p?.rows).flatMap((p) => p.rows.map((row) => ({ row, version: p.version })));
  const seen = new Set();
  const rows = cell
    ? all.filter(({ row }) => isOf(row, cell) && !seen.has(row.name ?? row.picture) && seen.add(row.name ?? row.picture))
    : (part?.rows ?? []).map((row) => ({ row, version: part.version }));
  const tab = (name, words) => html`<button aria-pressed=${!cell && kind === name}
    onClick=${() => { store.gallery.value = name; store.cell.value = null; }}>${words}</button>`;
  return html`<section class="pictures" aria-labelledby="pictures-title">
    <div class="bar"><h2 id="pictures-title">${t('Pictures')}</h2>
      <div class="tabs" role="group" aria-label=${t('Which pictures')}>${tab('worst', t('Worst'))}${tab('sample', t('Always the same'))}</div></div>
    ${cell && html`<p class="place">${nameOf(cell.truth)} → ${nameOf(cell.prediction)}
      <button class="undo-cell" onClick=${() => { store.cell.value = null; }}>${t('All')}</button></p>`}
    ${part?.error && html`<${Failure} error=${part.error} />`}
    ${!rows.length && !part?.error && html`<p class="hint">${cell ? t('None of these is among the pictures kept') : t('After the first epoch')}</p>`}
    <ul class="gallery">${rows.map(({ row, version }, i) => html`<${Picture} row=${row} run=${run.id} version=${version} key=${`${row.picture}${i}`} />`)}</ul>
  </section>`;
}

// ---- The range test.
export function Rate() {
  const part = usePart(store.current.value, 'rate');
  if (!part || part.error || !part.rate.length) return part?.error ? html`<${Failure} error=${part.error} />` : null;
  const words = { valley: t('valley'), steep: t('steepest'), minimum: t('minimum / 10'), slide: t('slide') };
  const found = Object.entries(part.suggestion ?? {}).filter(([, at]) => at > 0);
  const numbers = (list) => list.map((v) => v ?? NaN);
  const lines = [{ name: t('loss'), x: part.rate, y: numbers(part.loss), colour: '--faint', width: 1 }];
  if (part.smooth) lines.push({ name: t('smoothed'), x: part.rate, y: numbers(part.smooth), colour: '--run-0' });
  const spec = {
    title: t('Range test: loss against rate'), lines, isLogX: true,
    marks: found.map(([, at], i) => ({ at, colour: `--run-${1 + i}`, dash: [[], [6, 3], [2, 3], [8, 3, 2, 3]][i % 4] })),
    summary: found.map(([name, at]) => `${words[name] ?? name} ${number(at, 3)}`).join(', '), xText: (v) => number(v, 3),
  };
  return html`<section class="rate"><${Chart} spec=${spec} tick=${part.version} />
    <ul class="legend">${found.map(([name, at], i) => html`<li><span class="bar-mark" style=${{ background: `var(--run-${1 + i})` }}></span>${words[name] ?? name} <b>${number(at, 3)}</b></li>`)}</ul></section>`;
}
